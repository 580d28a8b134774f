import http from 'node:http';
import type net from 'node:net';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Kubernetes } from '../../../../src/kubernetes/client.js';
import { observeProxies, type Question } from '../../../../src/linkerd/proxies/observe.js';
import type { MeshedPod } from '../../../../src/linkerd/proxies/pods.js';
import { anchorsMemory, processMemory } from '../../../../src/linkerd/proxies/process-memory.js';
import { authority } from '../../support.js';

const ago = (seconds: number) => new Date(Date.now() - seconds * 1000);

describe('what a process has said', () => {
  beforeEach(() => vi.useFakeTimers({ toFake: ['Date'] }));
  afterEach(() => vi.useRealTimers());
  const k8s = {} as Kubernetes;

  it('is known of it, and of no process that was started in the same pod since', () => {
    const memory = processMemory<string>(k8s);
    const first = { uid: 'a', startedAt: ago(60) };
    memory.set(first, 'one');
    expect(memory.get(first)).toBe('one');
    expect(memory.get({ uid: 'a', startedAt: ago(59) })).toBeUndefined();
    expect(memory.get({ uid: 'b', startedAt: first.startedAt })).toBeUndefined();
    expect(memory.get({ uid: 'a' })).toBeUndefined();
  });
  it('is not kept of one that was started a moment ago: the next may be started in the same second', () => {
    const memory = processMemory<string>(k8s);
    const young = { uid: 'a', startedAt: ago(29) };
    memory.set(young, 'one');
    expect(memory.get(young)).toBeUndefined();
    vi.advanceTimersByTime(2000);
    memory.set(young, 'one');
    expect(memory.get(young)).toBe('one');
  });
  it('is measured by the clock of the cluster', () => {
    const behind = { clock: { now: () => ago(3600) } } as unknown as Kubernetes;
    const memory = processMemory<string>(behind);
    memory.set({ uid: 'a', startedAt: ago(3590) }, 'one');
    expect(memory.get({ uid: 'a', startedAt: ago(3590) })).toBeUndefined();
  });
  it('is not kept without a time of its start', () => {
    const memory = processMemory<string>(k8s);
    memory.set({ uid: 'a' }, 'one');
    expect(memory.get({ uid: 'a' })).toBeUndefined();
  });
  it('is dropped with its pod, and the first of very many', () => {
    const memory = processMemory<number>(k8s);
    const startedAt = ago(60);
    for (let at = 0; at <= 20_000; at += 1) memory.set({ uid: `${at}`, startedAt }, at);
    expect(memory.get({ uid: '0', startedAt })).toBeUndefined();
    expect(memory.get({ uid: '1', startedAt })).toBe(1);
    memory.keep([{ uid: '1' }]);
    expect([memory.get({ uid: '1', startedAt }), memory.get({ uid: '2', startedAt })]).toEqual([1, undefined]);
  });
  it('is of one cluster', () => {
    const [here, there] = [{} as Kubernetes, {} as Kubernetes];
    anchorsMemory(here).set({ uid: 'a', startedAt: ago(60) }, ['x']);
    expect(anchorsMemory(here).get({ uid: 'a', startedAt: ago(60) })).toEqual(['x']);
    expect(anchorsMemory(there).get({ uid: 'a', startedAt: ago(60) })).toBeUndefined();
  });
});

describe('the environment of a process', () => {
  const { root } = authority();
  let asked = 0;
  const server = http.createServer((_request, response) => {
    asked += 1;
    response.end(JSON.stringify({ LINKERD2_PROXY_IDENTITY_TRUST_ANCHORS: root.certificate.pem }));
  });
  let adminPort = 0;
  beforeAll(async () => {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    adminPort = (server.address() as net.AddressInfo).port;
  });
  afterAll(() => server.close());
  beforeEach(() => (asked = 0));

  const pod = (change: Partial<MeshedPod> = {}): MeshedPod => ({
    ...{ namespace: 'linkerd', name: 'identity-1', uid: 'u1', address: '127.0.0.1', adminPort, identity: 'identity' },
    ...{ ready: true, terminating: false, anchorsFromBundle: true, startedAt: ago(60) },
    workload: { namespace: 'linkerd', kind: 'Deployment', name: 'linkerd-identity' },
    ...change,
  });
  const anchorsOf = async (k8s: Kubernetes, ...pods: MeshedPod[]) => {
    const rules = { environmentServed: true } as Question['linkerd']['rules'];
    const question = { anchors: true, leaf: false, roots: [], linkerd: { namespace: 'linkerd', rules } };
    const prober = { reach: 'address', concurrency: 4, timeoutMs: 1000 } as const;
    return (await observeProxies(k8s, prober, pods, question)).map(({ anchors }) => anchors);
  };

  it('is asked for once, by whatever gate', async () => {
    const k8s = {} as Kubernetes;
    const one = pod();
    const wanted = [[root.certificate.fingerprint]];
    expect(await anchorsOf(k8s, one)).toEqual(wanted);
    expect(await anchorsOf(k8s, one)).toEqual(wanted);
    expect(asked).toBe(1);
    expect(await anchorsOf(k8s, { ...one, startedAt: ago(40) })).toEqual(wanted);
    expect(asked).toBe(2);
  });
  it('is not asked for where the pod carries it, and thousands of proxies share one list', async () => {
    const many = Array.from({ length: 50 }, (_, at) =>
      pod({ uid: `u${at}`, literalAnchors: Buffer.from(root.certificate.pem).toString(), anchorsFromBundle: false }),
    );
    const lists = await anchorsOf({} as Kubernetes, ...many);
    expect(asked).toBe(0);
    expect(new Set(lists).size).toBe(1);
  });
});
