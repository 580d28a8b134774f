import type { WorkflowHandle } from '@temporalio/client';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { WorkerProcess } from '../../sandbox/kit/index.js';
import type { RotationStatus } from '../../src/rotation/status.js';
import {
  endRotations,
  eventually,
  FAST,
  k8s,
  mesh,
  refusalsDuring,
  reportOf,
  startRotation,
  startWorker,
  statusOf,
  statusWhere,
} from '../integration/support.js';

const NS = 'nowhere';
const NODE_LABEL = 'example.com/nowhere';
const LABEL_PATH = `/metadata/labels/${NODE_LABEL.replace('/', '~1')}`;
const ANCHORS = 'LINKERD2_PROXY_IDENTITY_TRUST_ANCHORS';

/** What the gates see that does not run. */
describe('gates', () => {
  let worker: WorkerProcess;
  beforeAll(async () => {
    worker = startWorker();
    await createPending();
  });
  afterAll(async () => {
    await endRotations();
    await worker.stop();
    await k8s.core.patchNode({ name: 'node-1', body: [{ op: 'remove', path: LABEL_PATH }] }).catch(() => undefined);
    await k8s.core.deleteNamespace({ name: NS });
    await eventually('the namespace to go', async () => (await proxies()).length === 0 && (await pods()).length === 0);
  });

  it('hold for a pod that cannot be scheduled and has the old anchors; one with both starts after the swap, and gets ready', async () => {
    const [before = ''] = await pods();
    const { result: report, refused } = await refusalsDuring(async () => {
      const handle = await startRotation({ ...FAST, approvals: 'everyPhase', rollout: { stuckAfter: '8s' } });
      const approver = until(handle, ({ phase }) => phase === 'renew');
      const { gate, phase: held } = await statusWhere(
        handle,
        'the pod',
        ({ waiting }) => waiting?.kind === 'attention',
      );
      expect(held).toBe('trust');
      expect(gate?.findings).toMatchObject([{ reason: 'TargetNotTrusted', subject: { name: `${NS}/Pod/${before}` } }]);

      await k8s.core.deleteNamespacedPod({ name: before, namespace: NS });
      await statusWhere(handle, 'the swap to be over', ({ phase }) => phase === 'renew');
      await approver;
      expect(await proxies()).toEqual([]);
      const pending = await pods();
      expect(pending).not.toContain(before);

      await k8s.core.patchNode({ name: 'node-1', body: [{ op: 'add', path: LABEL_PATH, value: 'yes' }] });
      const started = await eventually('a pod to be ready', async () => (await proxies()).find(({ ready }) => ready));
      expect(pending).toContain(started.pod); // no other than waited over the swap
      await until(handle, () => false);
      return await reportOf(handle);
    });
    expect(refused).toBe(0);
    expect((await proxies()).map(({ anchors }) => anchors)).toEqual([[report.newRoot.fingerprint]]);
  });
});

/** Approves whatever is asked, until something holds or the rotation ends. */
async function until(handle: WorkflowHandle, holds: (status: RotationStatus) => boolean): Promise<void> {
  while ((await handle.describe()).status.name === 'RUNNING') {
    const status = await statusOf(handle).catch(() => undefined);
    if (status && holds(status)) return;
    const { kind, planHash = '' } = status?.waiting ?? {};
    if (kind === 'approval') await handle.executeUpdate('approve', { args: [{ planHash }] }).catch(() => undefined);
    await sleep(200);
  }
}

async function proxies() {
  return (await mesh.status()).proxies.filter(({ namespace }) => namespace === NS);
}

/** Names of its pods, running or not. */
async function pods(): Promise<string[]> {
  const { items } = await k8s.core.listNamespacedPod({ namespace: NS });
  return items.map(({ metadata }) => metadata?.name ?? '');
}

async function createPending(): Promise<void> {
  await k8s.core.createNamespace({ body: { metadata: { name: NS, annotations: { 'linkerd.io/inject': 'enabled' } } } });
  await eventually(
    'the default account',
    async () => await k8s.core.readNamespacedServiceAccount({ name: 'default', namespace: NS }),
  );
  const template = {
    metadata: { labels: { app: 'later' } },
    spec: { nodeSelector: { [NODE_LABEL]: 'yes' }, containers: [{ name: 'app', image: 'example.invalid/app' }] },
  };
  const spec = { replicas: 1, selector: { matchLabels: { app: 'later' } }, template };
  await k8s.apps.createNamespacedDeployment({ namespace: NS, body: { metadata: { name: 'later' }, spec } });
  await eventually('the pod, with its anchors', async () => {
    const { items } = await k8s.core.listNamespacedPod({ namespace: NS });
    const containers = items.flatMap(({ spec: pod }) => [...(pod?.initContainers ?? []), ...(pod?.containers ?? [])]);
    return containers.some(({ env }) => env?.some(({ name, value }) => name === ANCHORS && value));
  });
}
