import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { V1Pod } from '@kubernetes/client-node';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { playedPod } from '../../../../sandbox/kit/pod-facts.js';
import { probesOf } from '../../../../sandbox/kit/pod-probes.js';

const POD: V1Pod = {
  metadata: { uid: 'u', name: 'reroot-1', namespace: 'reroot' },
  spec: {
    nodeName: 'node-1',
    containers: [
      { name: 'linkerd-proxy', args: ['proxy'] },
      { name: 'worker', args: ['worker'], ports: [{ name: 'http', containerPort: 8080 }] },
    ],
  },
  status: { podIP: '127.20.0.1' },
};

describe('what a kubelet reads of a pod', () => {
  it("is of the container that is no proxy, with Kubernetes' defaults", () => {
    expect(playedPod(POD)).toMatchObject({
      ...{ name: 'reroot-1', args: ['worker'], address: '127.20.0.1', deleting: false, graceMs: 30_000 },
      serviceAccount: 'default',
    });
  });

  it('has no address before it is bound, and no token where it wants none', () => {
    const { nodeName: _, ...spec } = { ...POD.spec, containers: POD.spec?.containers ?? [] };
    const pod = playedPod({ ...POD, spec: { ...spec, automountServiceAccountToken: false } });
    expect(pod.address).toBe('');
    expect(pod.serviceAccount).toBeUndefined();
  });

  it('goes by the grace period of its deletion', () => {
    const metadata = { ...POD.metadata, deletionTimestamp: new Date(), deletionGracePeriodSeconds: 5 };
    expect(playedPod({ ...POD, metadata })).toMatchObject({ deleting: true, graceMs: 5000 });
  });
});

describe('the probes of a process', () => {
  let server: Server;
  let answers: Record<string, number>;
  beforeEach(async () => {
    answers = {};
    server = createServer(({ url = '' }, response) => {
      response.statusCode = answers[url] ?? 200;
      response.end();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  });
  afterEach(() => void server.close());

  const probe = (path: string) => ({ httpGet: { path, port: 'http' }, periodSeconds: 0, failureThreshold: 3 });
  const probes = () => {
    const { port } = server.address() as AddressInfo;
    const worker = {
      ...{ name: 'worker', ports: [{ name: 'http', containerPort: port }] },
      ...{ startupProbe: probe('/livez'), livenessProbe: probe('/livez'), readinessProbe: probe('/readyz') },
    };
    return probesOf(
      playedPod({ ...POD, spec: { nodeName: 'node-1', containers: [worker] }, status: { podIP: '127.0.0.1' } }),
    );
  };
  const times = async (count: number, look: () => Promise<object>) => {
    let last = {};
    for (let index = 0; index < count; index += 1) last = await look();
    return last;
  };

  it('make it ready when it has started and says so, and unready when it says that', async () => {
    const { look } = probes();
    expect(await look(), 'it has started').toEqual({ ready: false, dead: false });
    expect(await look()).toEqual({ ready: true, dead: false });
    answers['/readyz'] = 503;
    expect(await times(5, look)).toEqual({ ready: false, dead: false });
    answers['/readyz'] = 200;
    expect(await look()).toEqual({ ready: true, dead: false });
  });

  it('have it killed when it fails three times in a row, and not before', async () => {
    const { look } = probes();
    await times(2, look);
    answers['/livez'] = 500;
    expect(await times(2, look)).toMatchObject({ dead: false });
    expect(await look()).toMatchObject({ dead: true });
  });

  it('have it killed when it does not start', async () => {
    answers['/livez'] = 500;
    const { look } = probes();
    expect(await times(2, look)).toEqual({ ready: false, dead: false });
    expect(await look()).toEqual({ ready: false, dead: true });
  });
});
