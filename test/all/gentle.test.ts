import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import type { V1Deployment, V1Pod } from '@kubernetes/client-node';
import { MARKED_AT_ANNOTATION } from '../../src/kubernetes/own-names.js';
import { BUILDING_MS, expectNoRefusal, type OwnMesh, ownMesh, seenThrough } from '../integration/own-mesh.js';
import { reportOf, statusWhere } from '../integration/support.js';

/** How gently workloads are rolled: the canary of a namespace, the brake, and what the cluster itself asks for. */

const NS = 'shop';
const ROLL = { strategy: 'standard', approvals: 'none' } as const;

let mesh: OwnMesh;
beforeAll(async () => void (mesh = await ownMesh({ apps: 'demo' })), BUILDING_MS);
afterEach(async () => {
  await mesh.endRotations();
  for (const namespace of [NS, 'payments'])
    await mesh.k8s.core.deleteNamespacedResourceQuota({ namespace, name: 'full' }).catch(() => undefined);
});
afterAll(async () => await mesh.stop());

it('rolls the canary of a namespace first, and the others when all its pods are ready', async () => {
  await annotate('checkout', { 'reroot.dev/canary': 'true' });
  await seenThrough(await mesh.start(ROLL));
  const canaryReady = Math.max(...(await podsOf('checkout')).map(readyAt));
  for (const name of ['web', 'cart']) expect(await rolledAt(name), name).toBeGreaterThanOrEqual(canaryReady);
  await annotate('checkout', { 'reroot.dev/canary': null });
  await expectNoRefusal(mesh);
});

it('rolls nobody else of a namespace whose canary is stuck, and goes on when it is repaired', async () => {
  await annotate('cart', { 'reroot.dev/canary': 'true' });
  await fill(NS, 'cart');
  const before = await templatesOf(NS);
  const handle = await mesh.start(ROLL);
  const status = await statusWhere(handle, 'the stuck canary', ({ waiting }) => waiting?.kind === 'attention');
  const reasons = status.stragglers.filter(({ subject }) => subject.name.startsWith(`${NS}/`)).map(reasonOf);
  expect(reasons).toContain('shop/Deployment/cart RolloutStuck');
  expect(reasons).toContain('shop/Deployment/web CanaryFailed');
  const now = await templatesOf(NS);
  expect(Object.keys(now).filter((name) => now[name] !== before[name])).toEqual(['cart']);
  expect(status.namespaces.find(({ namespace }) => namespace === 'catalog')).toMatchObject({ state: 'done' });
  await mesh.k8s.core.deleteNamespacedResourceQuota({ namespace: NS, name: 'full' });
  await statusWhere(handle, 'more of the rotation', ({ phase }) => phase !== 'trust');
  expect((await reportOf(handle)).outcome).toBe('completed');
  await annotate('cart', { 'reroot.dev/canary': null });
  await expectNoRefusal(mesh);
});

it('stops when more has gone wrong than it may go on with, and asks; `retry` goes on', async () => {
  const oneByOne = { rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } };
  await mesh.k8s.apps.patchNamespacedDeployment({
    ...{ name: 'api', namespace: 'payments' }, // in four turns: it is the first in line, and stuck
    body: [{ op: 'add', path: '/spec/strategy', value: oneByOne }],
  });
  await fill('payments', 'api');
  const before = await templatesOf(NS);
  const rollout = { canary: 'none', pods: 1, maxStragglers: 0 } as const;
  const handle = await mesh.start({ ...ROLL, rollout });
  const status = await statusWhere(handle, 'the brake', ({ waiting }) => waiting?.kind === 'attention');
  const [stopped] = status.stragglers;
  expect(stopped).toMatchObject({ reason: 'RolloutStopped' });
  expect(stopped?.message).toMatch(/^nothing more is rolled: 1 of \d+ workloads have not come out right/);
  expect(stopped?.message).toContain('payments/Deployment/api');
  expect(await templatesOf(NS)).toEqual(before);
  expect(status.namespaces.find(({ namespace }) => namespace === NS)).toMatchObject({ state: 'waiting' });
  await mesh.k8s.core.deleteNamespacedResourceQuota({ namespace: 'payments', name: 'full' });
  await handle.executeUpdate('retry', { args: [] });
  expect((await reportOf(handle)).outcome).toBe('completed');
  await expectNoRefusal(mesh);
});

it('keeps to strict budgets and to minReadySeconds: they are the cluster’s own', async () => {
  await mesh.k8s.policy.createNamespacedPodDisruptionBudget({
    namespace: NS,
    body: { metadata: { name: 'strict' }, spec: { maxUnavailable: 0, selector: { matchLabels: { app: 'web' } } } },
  });
  await patchSpec('web', { minReadySeconds: 3, strategy: { rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } } });
  const least = { ready: Infinity };
  const look = setInterval(() => {
    void podsOf('web').then((pods) => (least.ready = Math.min(least.ready, pods.filter(isReady).length)));
  }, 250);
  try {
    expect((await seenThrough(await mesh.start(ROLL))).outcome).toBe('completed');
  } finally {
    clearInterval(look);
  }
  expect(least.ready).toBeGreaterThanOrEqual(4);
  const ready = (await podsOf('web')).map(readyAt).toSorted((a, b) => a - b);
  for (const [index, at] of ready.slice(1).entries()) expect(at - (ready[index] ?? 0)).toBeGreaterThanOrEqual(2000);
  await expectNoRefusal(mesh);
});

/** Times of the API server have whole seconds. */
function readyAt({ status }: V1Pod): number {
  const condition = status?.conditions?.find(({ type }) => type === 'Ready');
  return new Date(condition?.lastTransitionTime ?? 0).getTime();
}

function isReady({ status, metadata }: V1Pod): boolean {
  return (
    !metadata?.deletionTimestamp &&
    status?.conditions?.some(({ type, status: is }) => type === 'Ready' && is === 'True') === true
  );
}

function reasonOf({ reason, subject }: { reason: string; subject: { name: string } }): string {
  return `${subject.name} ${reason}`;
}

async function podsOf(app: string): Promise<V1Pod[]> {
  const { items } = await mesh.k8s.core.listNamespacedPod({ namespace: NS, labelSelector: `app=${app}` });
  return items;
}

async function rolledAt(name: string): Promise<number> {
  const { metadata } = await mesh.k8s.apps.readNamespacedDeployment({ name, namespace: NS });
  return Date.parse(metadata?.annotations?.[MARKED_AT_ANNOTATION] ?? '');
}

/** How often the template of each Deployment has changed. */
async function templatesOf(namespace: string): Promise<Record<string, number>> {
  const { items } = await mesh.k8s.apps.listNamespacedDeployment({ namespace });
  return Object.fromEntries(items.map(({ metadata }) => [metadata?.name ?? '', metadata?.generation ?? 0]));
}

async function annotate(name: string, annotations: Record<string, string | null>): Promise<void> {
  await merge(name, { metadata: { annotations } });
}

async function patchSpec(name: string, spec: object): Promise<void> {
  await merge(name, { spec });
}

async function merge(name: string, change: object): Promise<void> {
  const { metadata, spec } = await mesh.k8s.apps.readNamespacedDeployment({ name, namespace: NS });
  const { metadata: more, spec: other } = change as Pick<V1Deployment, 'metadata' | 'spec'>;
  const annotations = Object.entries({ ...metadata?.annotations, ...more?.annotations }).filter(
    ([, value]) => value !== null,
  );
  const body = [
    { op: 'add', path: '/metadata/annotations', value: Object.fromEntries(annotations) },
    ...Object.entries(other ?? {}).map(([key, value]) => ({
      op: 'add',
      path: `/spec/${key}`,
      value: key === 'strategy' ? { ...spec?.strategy, ...(value as object) } : (value as unknown),
    })),
  ];
  await mesh.k8s.apps.patchNamespacedDeployment({ name, namespace: NS, body });
}

/** No pod more fits, and its Deployment gives up soon. */
async function fill(namespace: string, name: string): Promise<void> {
  await mesh.k8s.apps.patchNamespacedDeployment({
    ...{ name, namespace },
    body: [{ op: 'add', path: '/spec/progressDeadlineSeconds', value: 3 }],
  });
  const { items } = await mesh.k8s.core.listNamespacedPod({ namespace });
  const staying = items.filter(({ metadata }) => !metadata?.deletionTimestamp).length; // those before may still be on their way out
  const body = { metadata: { name: 'full' }, spec: { hard: { pods: `${staying}` } } };
  await mesh.k8s.core.createNamespacedResourceQuota({ namespace, body });
}
