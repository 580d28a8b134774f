import net from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { proxyCache } from '../../../activities/kit/proxy-cache.js';
import type { PhaseContext } from '../../../activities/kit/stored-rotation.js';
import { listMeshedPods } from '../../../src/linkerd/proxies/list-pods.js';
import type { Waiver } from '../../../src/rotation/findings.js';
import { GATES } from '../../../src/rotation/gates.js';
import type { GateResult, PhaseInput } from '../../../src/rotation/payloads.js';
import { target } from '../rotation/support.js';
import { carryOut, clusterWith, type FakeCluster, newRotation, next, old, step } from './cluster.js';

const [O, T] = [old.root.certificate, next.root.certificate];
const rotation = newRotation();
const MARK = `${rotation.id}-trust`;
const WEB = 'shop/Deployment/web';

/** Phase `trust`, whose bundle is written and whose injector has noticed. */
function inTrust(): FakeCluster {
  const cluster = clusterWith({ bundle: [O, T], rotation });
  cluster.injected = [O, T];
  return cluster;
}

async function gate(cluster: FakeCluster, waivers: Waiver[] = []): Promise<GateResult> {
  const input = step({}, { strategy: 'standard' });
  const { timing, rollout } = input.settings;
  const settings = { ...input.settings, timing: { ...timing, poll: 5 }, rollout: { ...rollout, stuckAfter: 20 } };
  const given: PhaseInput = { ...input, settings, phase: 'trust', waivers, retry: 0 };
  return await carryOut(cluster, (activities) => activities.checkGate, given);
}

const waived = (change: Partial<Waiver> = {}): Waiver => ({ subject: WEB, reason: 'a test', ...change });

describe('a pod without an address', () => {
  it('does not pass with the anchors of the start: it will be started with them, however late', async () => {
    const cluster = inTrust();
    cluster.addPod('web-1', [O, T]);
    cluster.addPendingPod('web-2', [O]);
    expect(await gate(cluster)).toMatchObject({
      ...{ passed: false, proxies: 2, proven: 1 },
      findings: [{ reason: 'TargetNotTrusted', subject: { name: 'shop/Pod/web-2' } }],
    });
  });
  it('passes with the new root among them, and by a reference to the bundle', async () => {
    const cluster = inTrust();
    cluster.addPendingPod('web-1', [O, T]);
    refer(cluster, 'linkerd-identity-trust-roots');
    expect(await gate(cluster)).toMatchObject({ passed: true, proxies: 2, proven: 2 });
  });
  it('does not pass where nobody can tell which it will have', async () => {
    const cluster = inTrust();
    refer(cluster, 'my-roots');
    expect(await gate(cluster)).toMatchObject({ passed: false, findings: [{ reason: 'AnchorsUnknown' }] });
  });
  it('is looked at again when it has been started between the two lists', async () => {
    const cluster = inTrust();
    refer(cluster, 'linkerd-identity-trust-roots');
    const [pod] = cluster.pods;
    let looks = 0;
    cluster.onLook = () => {
      looks += 1;
      // its process answers nothing
      if (looks === 2 && pod) pod.status = { phase: 'Running', podIP: '127.0.0.1' };
    };
    expect(await gate(cluster)).toMatchObject({ passed: false, findings: [{ reason: 'AnchorsUnknown' }] });
  });
});

describe('a workload that this rotation has rolled', () => {
  const lostOne = (mark = MARK): FakeCluster => {
    const cluster = inTrust();
    cluster.addDeployment(2, mark);
    cluster.addPod('web-1', [O, T]);
    return cluster;
  };
  it('and that came back without one of its proxies does not pass', async () => {
    expect(await gate(lostOne())).toMatchObject({
      passed: false,
      namespaces: [{ name: 'shop', outdated: 1 }],
      findings: [{ reason: 'ProxyLost', subject: { name: WEB }, message: '1 of its 2 pods came back without a proxy' }],
    });
  });
  it('passes when it has them all a little later, or another rotation has rolled it', async () => {
    const cluster = lostOne();
    let looks = 0;
    cluster.onLook = () => void ((looks += 1) === 3 && cluster.addPod('web-2', [O, T]));
    expect(await gate(cluster)).toMatchObject({ passed: true });
    expect(await gate(lostOne('another-trust'))).toMatchObject({ passed: true });
  });
  it('passes with a waiver of this gate, and with no other', async () => {
    expect(await gate(lostOne(), [waived({ gate: 'trust' })])).toMatchObject({ passed: true });
    expect(await gate(lostOne(), [waived()])).toMatchObject({ passed: true });
    for (const change of [{ gate: 'rollout' }, { gate: 'retire' }, { gate: 'trust', direction: 'back' }] as const)
      expect(await gate(lostOne(), [waived(change)])).toMatchObject({ passed: false });
  });
});

describe('a proxy that falls short', () => {
  it('passes with a waiver of this gate alone', async () => {
    const cluster = inTrust();
    cluster.addPod('web-1', [O]);
    expect(await gate(cluster, [waived({ gate: 'trust' })])).toMatchObject({ passed: true, waived: 1 });
    expect(await gate(cluster, [waived({ gate: 'rollout' })])).toMatchObject({ passed: false, waived: 0 });
  });
});

describe('a pod that somebody has waived', () => {
  let asked = 0;
  const server = net.createServer((socket) => {
    asked += 1;
    socket.destroy();
  });
  beforeAll(async () => await new Promise<void>((resolve) => server.listen(4191, '127.96.0.1', resolve)));
  afterAll(() => server.close());
  const hostile = (): FakeCluster => {
    const cluster = inTrust();
    asked = 0;
    cluster.addPod('web-1', [], '127.96.0.1');
    const [container] = cluster.pods.at(-1)?.spec?.containers ?? [];
    if (container) container.env = []; // so its process has to be asked
    return cluster;
  };

  it('is not spoken to by the gate that it is waived for', async () => {
    const waivers = [waived({ gate: 'trust' })];
    expect(await gate(hostile(), waivers)).toMatchObject({ passed: true, proxies: 1, proven: 0, waived: 1 });
    expect(asked).toBe(0);
    expect(await gate(hostile(), [waived({ subject: 'shop/Pod/web-1' })])).toMatchObject({ passed: true });
    expect(asked).toBe(0);
  });
  it('is by any other gate, and falls short', async () => {
    const waivers = [waived({ gate: 'retire' })];
    expect(await gate(hostile(), waivers)).toMatchObject({ passed: false, findings: [{ reason: 'AnchorsUnknown' }] });
    expect(asked).toBeGreaterThan(0);
  });
  it('is not spoken to by whatever waits for the others', async () => {
    const cluster = hostile();
    const { k8s } = cluster;
    const dependencies = {
      k8s,
      prober: { reach: 'address', concurrency: 4, timeoutMs: 200 },
      temporalAddress: '',
    } as const;
    const [pod, ...others] = await listMeshedPods(k8s, 'linkerd');
    if (!pod || others.length > 0) throw new Error('one pod was made');
    const phase = { ...GATES.trustsTarget, target: target(), roots: [T], linkerd: { namespace: 'linkerd', rules: {} } };
    const look = (isWaived: boolean) =>
      proxyCache(dependencies, phase as unknown as PhaseContext, { isDue: () => true, isWaived: () => isWaived });
    expect(await look(true)([pod])).toMatchObject([{ pod: 'web-1', problem: 'not looked at: it is waived' }]);
    expect(asked).toBe(0);
    await look(false)([pod]);
    expect(asked).toBe(1);
  });
});

describe('the pods that are not born yet', () => {
  it.each([
    ['come with the anchors of the start: the injector lags', [O], 'would still be injected without'],
    ['come without a proxy: the injector is away', [], 'without a proxy'],
  ])('hold up the gate where they would %s', async (_what, injected, problem) => {
    const cluster = inTrust();
    cluster.addPod('web-1', [O, T]);
    cluster.injected = injected;
    const result = await gate(cluster);
    expect(result).toMatchObject({ passed: false, proven: 1, findings: [{ reason: 'InjectionBroken' }] });
    expect(result.findings[0]?.message).toContain(problem);
  });
  it('hold up no gate where a policy takes no dry run of them: those that live are all the evidence there is', async () => {
    const cluster = inTrust();
    cluster.addPod('web-1', [O, T]);
    cluster.refusesPods = 'images come from registry.corp';
    expect(await gate(cluster)).toMatchObject({ passed: true, proven: 1 });
    cluster.addPod('web-2', [O]);
    expect(await gate(cluster)).toMatchObject({ passed: false, proven: 1 });
  });
});

/** Adds a pending pod that takes its anchors from a ConfigMap. */
function refer(cluster: FakeCluster, name: string): void {
  const pod = cluster.addPendingPod(`by-${name}`, []);
  const [container] = pod.spec?.containers ?? [];
  if (!container) return;
  container.env = [
    {
      name: 'LINKERD2_PROXY_IDENTITY_TRUST_ANCHORS',
      valueFrom: { configMapKeyRef: { name, key: 'ca-bundle.crt' } },
    },
  ];
}
