import type { WorkflowHandle } from '@temporalio/client';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import {
  bundleAnchors,
  type Sandbox,
  type SandboxFacts,
  standInAt,
  startSandbox,
  startWorkerProcess,
  type WorkerProcess,
} from '../../sandbox/kit/index.js';
import { createKubernetes, type Kubernetes } from '../../src/kubernetes/client.js';
import type { RotationStatus } from '../../src/rotation/status.js';
import {
  endRotations,
  eventually,
  failureOf,
  FAST,
  reportOf,
  reroot,
  sandbox,
  startRotation,
  statusWhere,
} from '../integration/support.js';

/** Two clusters on one Temporal server: the first sandbox's. */
interface Cluster {
  facts: SandboxFacts;
  k8s: Kubernetes;
}

let two: Sandbox;
let one: Cluster;
let other: Cluster;
let workers: WorkerProcess[] = [];

const clusterOf = (facts: SandboxFacts): Cluster => ({
  facts,
  k8s: createKubernetes({ kubeconfig: facts.adminKubeconfig, requestsPerSecond: 500 }),
});

beforeAll(async () => {
  two = await startSandbox({ apps: 'small', kubeletLagMs: 500, probeRate: 100 });
  one = clusterOf(sandbox);
  other = clusterOf(two);
});
afterEach(async () => {
  await endRotations();
  await Promise.all(workers.map(async (worker) => await worker.stop()));
  workers = [];
});
afterAll(async () => await two.stop());

/** `reroot worker --cluster NAME` on a sandbox. */
function serve({ facts }: Cluster, name: string): WorkerProcess {
  const worker = startWorkerProcess(facts, { REROOT_CLUSTER: name, TEMPORAL_ADDRESS: sandbox.temporal.address });
  workers.push(worker);
  return worker;
}

/** Every anchor that any proxy or the bundle of a cluster has had while something went on. */
function watchAnchors({ facts, k8s }: Cluster): () => Promise<Set<string>> {
  const seen = new Set<string>();
  const end = new AbortController();
  const look = async (): Promise<void> => {
    const { proxies } = await standInAt(facts.standin).status();
    for (const anchor of [...(await bundleAnchors(k8s)), ...proxies.flatMap(({ anchors }) => anchors)])
      seen.add(anchor);
  };
  const watching = (async () => {
    while (!end.signal.aborted) await look();
  })();
  return async () => {
    end.abort();
    await watching;
    return seen;
  };
}

async function forgetRefusals({ facts }: Cluster): Promise<void> {
  await standInAt(facts.standin).setProbe({ reset: true });
}

async function refusals({ facts }: Cluster): Promise<number> {
  const { refused, lastRefusals } = await standInAt(facts.standin).probe();
  if (refused > 0) console.error(lastRefusals.slice(0, 5));
  return refused;
}

/** What a rotation would write in a cluster, by version. */
async function versions({ k8s }: Cluster): Promise<Map<string, string | undefined>> {
  const [secrets, configMaps, deployments] = await Promise.all([
    k8s.core.listNamespacedSecret({ namespace: 'linkerd' }),
    k8s.core.listNamespacedConfigMap({ namespace: 'linkerd' }),
    k8s.apps.listDeploymentForAllNamespaces(),
  ]);
  return new Map<string, string | undefined>([
    ...secrets.items.map(({ metadata }) => [`Secret ${metadata?.name}`, metadata?.resourceVersion] as const),
    ...configMaps.items.map(({ metadata }) => [`ConfigMap ${metadata?.name}`, metadata?.resourceVersion] as const),
    ...deployments.items.map(
      ({ metadata }) => [`Deployment ${metadata?.namespace}/${metadata?.name}`, `${metadata?.generation}`] as const,
    ),
  ]);
}

const statusOf = async (handle: WorkflowHandle): Promise<RotationStatus> =>
  JSON.parse((await reroot(['status', '--workflow-id', handle.workflowId, '-o', 'json'])).stdout) as RotationStatus;

describe('two clusters on one Temporal server', () => {
  it('rotate at the same time, each by its own worker: no write crosses', async () => {
    serve(one, 'one');
    serve(other, 'two');
    const before = [await bundleAnchors(one.k8s), await bundleAnchors(other.k8s)];
    await Promise.all([forgetRefusals(one), forgetRefusals(other)]);
    const watches = [watchAnchors(one), watchAnchors(other)];
    const handles = [
      await startRotation({ ...FAST, cluster: 'one' }),
      await startRotation({ ...FAST, cluster: 'two' }),
    ];
    const reports = await Promise.all(handles.map(reportOf));
    const seen = await Promise.all(watches.map(async (end) => await end()));

    expect(reports.map(({ outcome, cluster }) => ({ outcome, cluster }))).toEqual([
      { outcome: 'completed', cluster: 'one' },
      { outcome: 'completed', cluster: 'two' },
    ]);
    const roots = reports.map(({ newRoot }) => newRoot.fingerprint);
    for (const [index, anchors] of seen.entries()) {
      expect([...anchors].toSorted()).toEqual([...(before[index] ?? []), roots[index] ?? ''].toSorted());
    }
    expect([await bundleAnchors(one.k8s), await bundleAnchors(other.k8s)]).toEqual(roots.map((root) => [root]));
    expect([await refusals(one), await refusals(other)]).toEqual([0, 0]);
  });

  it('a worker that is started under the name of another cluster does nothing there; a missing one is named', async () => {
    serve(one, 'one');
    const right = serve(other, 'two');
    const before = await versions(one);
    await Promise.all([forgetRefusals(one), forgetRefusals(other)]);
    const handle = await startRotation({ ...FAST, cluster: 'two' });
    await statusWhere(handle, 'trust', ({ phase }) => phase === 'trust');
    await right.kill();
    const alerts = await eventually('the missing worker to be named', async () => (await statusOf(handle)).alerts);
    expect(alerts).toMatchObject([{ reason: 'NoWorker' }]);
    expect(alerts[0]?.message).toContain('Start one: `reroot worker --cluster two`');

    serve(one, 'two');
    await eventually('the wrong worker to refuse', async () => {
      const { raw } = await handle.describe();
      return raw.pendingActivities?.some(({ lastFailure }) =>
        lastFailure?.message?.includes(`its API server is ${one.k8s.server}`),
      );
    });
    serve(other, 'two');
    expect((await reportOf(handle)).outcome).toBe('completed');
    expect(await versions(one)).toEqual(before);
    expect([await refusals(one), await refusals(other)]).toEqual([0, 0]);
  });

  it('a cluster that no worker serves: the rotation says so within seconds, and can be paused and aborted', async () => {
    const front = serve(one, 'one');
    const handle = await startRotation({ ...FAST, cluster: 'three' });
    const started = Date.now();
    const { waiting } = await statusWhere(handle, 'the wait', (status) => status.waiting?.kind === 'worker');
    expect(Date.now() - started).toBeLessThan(20_000);
    expect(waiting).toMatchObject({
      for: 'a worker of cluster three',
      todo: 'Start one: `reroot worker --cluster three` (it polls task queue `reroot-three`).',
    });
    await handle.executeUpdate('pause');
    await statusWhere(handle, 'the pause', (status) => status.waiting?.kind === 'paused');
    await handle.executeUpdate('resume');
    await statusWhere(handle, 'the wait again', (status) => status.waiting?.kind === 'worker');
    const { stdout } = await reroot(['status', '--workflow-id', handle.workflowId]);
    expect(stdout).toContain('Waiting for a worker of cluster three');
    expect((await handle.describe()).historyLength).toBeLessThan(50);
    await handle.executeUpdate('abort');
    expect(await failureOf(handle)).toEqual({
      type: 'Aborted',
      message: expect.stringContaining('this rotation has changed nothing') as string,
    });

    const unheard = await startRotation({ ...FAST, cluster: 'three' });
    await statusWhere(unheard, 'the wait', (status) => status.waiting?.kind === 'worker');
    await front.stop();
    const asked = Date.now();
    const silent = await reroot(['status', '--workflow-id', unheard.workflowId]);
    expect(Date.now() - asked).toBeLessThan(20_000);
    expect(silent.code).toBe(3);
    expect(silent.stdout).toMatch(/No worker answers[^]*`reroot worker --cluster three`/);
  });
});
