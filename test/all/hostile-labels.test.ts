import type { V1DeploymentStrategy, V1ObjectMeta, V1OwnerReference, V1PodSpec } from '@kubernetes/client-node';
import type { WorkflowHandle } from '@temporalio/client';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { WorkerProcess } from '../../sandbox/kit/index.js';
import type { RotationStatus } from '../../src/rotation/status.js';
import { manualTemplates } from '../integration/manual-workloads.js';
import {
  anchorsInUse,
  endRotations,
  eventually,
  failureOf,
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

/** A tenant's namespace: who may create pods and Deployments there writes on them what they like. */
const NS = 'hostile';
/** Others of the tenant, with a proxy each and room for no other pod: they come before all others in a list. */
const FULL = ['aa-0', 'aa-1', 'aa-2', 'aa-3', 'aa-4'];
const IDENTITY = { 'linkerd.io/control-plane-component': 'identity' };
const APP: V1PodSpec = { containers: [{ name: 'app', image: 'example.invalid/app' }] };

/** Labels, owners and marks that are not true. */
describe('a tenant', () => {
  let worker: WorkerProcess;
  beforeAll(async () => {
    worker = startWorker();
    await createNamespaces();
    await createDeployments();
    for (const namespace of FULL) await fill(namespace);
  });
  afterAll(async () => {
    await endRotations();
    await worker.stop();
    for (const name of [NS, ...FULL]) await k8s.core.deleteNamespace({ name }).catch(() => undefined);
    await eventually('the namespaces to go', async () => (await tenantProxies()).length === 0);
  });

  it('neither stops a rotation by what his pods and namespaces say of themselves, nor has others rolled', async () => {
    const generations = await generationsOf(['hostile/web', 'shop/web']);
    const { result: report, refused } = await refusalsDuring(async () => {
      const handle = await startRotation({ ...FAST, approvals: 'everyPhase', rollout: { stuckAfter: '20s' } });
      const begun = await statusWhere(handle, 'the first question', ({ waiting, outcome }) => {
        return waiting?.kind === 'approval' || outcome === 'failed';
      });
      expect(begun.outcome === 'failed' && (await failureOf(handle)).message).toBe(false);
      expect(begun.linkerdNamespace).toBe('linkerd');
      await createPods(); // later than preflight, which warns of each bare pod
      await presetMark(`${begun.roots?.root.fingerprint.slice(0, 12)}-trust`);
      const approver = approving(handle);

      const found = await statusWhere(handle, 'all of it to be named', (status) => {
        return status.phase === 'trust' && status.waiting?.kind === 'attention' && named(status).length >= 4;
      });
      expect(named(found)).toEqual([
        `${NS}/Deployment/preset RolloutStuck`,
        `${NS}/Pod/by-label BarePod`,
        `${NS}/Pod/by-owner BarePod`,
        `${NS}/Pod/fake-identity BarePod`,
      ]);
      const once = await generationsOf(['hostile/web', 'shop/web']);
      expect(since(generations, once)).toEqual([1, 1]);

      await handle.executeUpdate('retry', { args: [] });
      await statusWhere(handle, 'the retry to be over', (status) => {
        const { kind, since: at = '' } = status.waiting ?? {};
        return kind === 'attention' && at > (found.waiting?.since ?? '') && named(status).length >= 4;
      });
      expect(await generationsOf(['hostile/web'])).toEqual(once.slice(0, 1));

      for (const name of ['by-label', 'by-owner', 'fake-identity'])
        await k8s.core.deleteNamespacedPod({ name, namespace: NS });
      await k8s.apps.deleteNamespacedDeployment({ name: 'preset', namespace: NS });
      await approver;
      return await reportOf(handle);
    });
    expect(report.outcome).toBe('completed');
    expect(refused).toBe(0);
    expect(await anchorsInUse()).toEqual([report.newRoot.fingerprint]);
    const [victim, other] = since(generations, await generationsOf(['hostile/web', 'shop/web']));
    expect(victim).toBe(other); // as often as everybody: once in each phase that rolls
  });
});

/** Stragglers of his namespace, with their reasons. */
function named({ stragglers }: RotationStatus): string[] {
  const own = stragglers.filter(({ subject }) => subject.name.startsWith(`${NS}/`));
  return own.map(({ subject, reason }) => `${subject.name} ${reason}`).toSorted();
}

async function tenantProxies() {
  return (await mesh.status()).proxies.filter(({ namespace }) => [NS, ...FULL].includes(namespace));
}

async function generationsOf(names: string[]): Promise<number[]> {
  const found = names.map(async (name) => {
    const [namespace = '', deployment = ''] = name.split('/');
    const { metadata } = await k8s.apps.readNamespacedDeployment({ namespace, name: deployment });
    return metadata?.generation ?? 0;
  });
  return await Promise.all(found);
}

function since(before: number[], after: number[]): number[] {
  return after.map((generation, index) => generation - (before[index] ?? 0));
}

async function createNamespaces(): Promise<void> {
  const annotations = { 'linkerd.io/inject': 'enabled' };
  const labels = { 'linkerd.io/is-control-plane': 'true' };
  await k8s.core.createNamespace({ body: { metadata: { name: NS, annotations, labels } } });
  for (const name of FULL) await k8s.core.createNamespace({ body: { metadata: { name, annotations } } });
  for (const namespace of [NS, ...FULL])
    await eventually(
      'the default account',
      async () => await k8s.core.readNamespacedServiceAccount({ name: 'default', namespace }),
    );
}

/** Somebody else's Deployment, an identity of the tenant's, and his full namespaces. */
async function createDeployments(): Promise<void> {
  await createDeployment('web', 2);
  await createDeployment('linkerd-identity', 0, { labels: IDENTITY });
  for (const namespace of FULL) await createDeployment('app', 1, { namespace, strategy: { type: 'Recreate' } });
  await readyProxies(2 + FULL.length);
}

/** Pods that say that they are of that Deployment, or identity. */
async function createPods(): Promise<void> {
  const { metadata: { uid = '' } = {} } = await k8s.apps.readNamespacedDeployment({ name: 'web', namespace: NS });
  const owner = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web', uid, controller: true };
  await createPod(NS, 'by-owner', APP, { ownerReferences: [owner satisfies V1OwnerReference] });
  const byHand = (await manualTemplates(k8s, 'deployment'))('web');
  const spec = byHand.spec ?? APP;
  await createPod(NS, 'by-label', spec, { labels: { ...byHand.metadata?.labels, app: 'by-label' } });
  await createPod(NS, 'fake-identity', spec, { labels: { 'linkerd.io/control-plane-ns': 'linkerd', ...IDENTITY } });
  await readyProxies(5 + FULL.length);
}

async function readyProxies(count: number): Promise<void> {
  await eventually('all of them to be ready', async () => {
    const proxies = await tenantProxies();
    return proxies.length === count && proxies.every(({ ready }) => ready);
  });
}

async function createPod(namespace: string, name: string, spec: V1PodSpec, metadata: V1ObjectMeta = {}): Promise<void> {
  await k8s.core.createNamespacedPod({ namespace, body: { metadata: { name, ...metadata }, spec } });
}

interface Written {
  namespace?: string;
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
  mark?: string;
  strategy?: V1DeploymentStrategy;
  pod?: V1PodSpec;
}

async function createDeployment(name: string, replicas: number, written: Written = {}): Promise<void> {
  const { namespace = NS, labels = {}, annotations = {}, mark, strategy, pod = APP } = written;
  const template = {
    metadata: { labels: { app: name }, ...(mark ? { annotations: { 'reroot.dev/rolled-for': mark } } : {}) },
    spec: pod,
  };
  const spec = { replicas, progressDeadlineSeconds: 2_000_000_000, selector: { matchLabels: { app: name } }, template };
  const body = { metadata: { name, labels, annotations }, spec: { ...spec, ...(strategy ? { strategy } : {}) } };
  await k8s.apps.createNamespacedDeployment({ namespace, body });
}

/** As if it had been rolled in this phase, in the future; and it never gets a pod that starts. */
async function presetMark(mark: string): Promise<void> {
  const annotations = { 'reroot.dev/rolled-at': '2999-01-01T00:00:00Z' };
  const pod = { ...APP, nodeSelector: { 'example.com/nowhere': 'yes' } };
  await createDeployment('preset', 1, { annotations, mark, pod });
  await eventually('its pod, with the anchors of the start', async () => {
    const { items } = await k8s.core.listNamespacedPod({ namespace: NS, labelSelector: 'app=preset' });
    return items.length > 0;
  });
}

/** As many pods as it has, and no more: also a dry run is refused. */
async function fill(namespace: string): Promise<void> {
  const body = { metadata: { name: 'no-more' }, spec: { hard: { pods: '1' } } };
  await k8s.core.createNamespacedResourceQuota({ namespace, body });
  await eventually('the quota to be counted', async () => {
    const { status } = await k8s.core.readNamespacedResourceQuota({ namespace, name: 'no-more' });
    return status?.used?.['pods'] === '1';
  });
}

/** Approves whatever is asked, until the rotation ends. */
async function approving(handle: WorkflowHandle): Promise<void> {
  while ((await handle.describe()).status.name === 'RUNNING') {
    const { kind, planHash = '' } = (await statusOf(handle).catch(() => undefined))?.waiting ?? {};
    if (kind === 'approval') await handle.executeUpdate('approve', { args: [{ planHash }] }).catch(() => undefined);
    await sleep(300);
  }
}
