import { expect } from 'vitest';
import {
  endRotations,
  eventually,
  FAST,
  k8s,
  mesh,
  reportOf,
  startRotation,
  startWorker,
  statusWhere,
} from '../../integration/support.js';
import { found, preflight, said } from '../row.js';
import { underPolicy } from './judges.js';

const NO_NAKED_PODS = {
  expression: 'has(object.metadata.ownerReferences)',
  message: 'pods need a controller',
};

/** A rotation while no namespace takes a dry run of a new pod, and what preflight says before. */
async function rotating<T>(
  stuckAfter: string,
  run: (handle: Awaited<ReturnType<typeof startRotation>>) => Promise<T>,
): Promise<{ result: T; warned: string }> {
  const worker = startWorker();
  try {
    return await underPolicy('no-naked-pods', NO_NAKED_PODS, async () => {
      const before = await preflight();
      expect(before.code).toBe(0);
      const handle = await startRotation({ ...FAST, rollout: { stuckAfter, workloads: 4 } });
      return { result: await run(handle), warned: said(found(before, 'RehearsalRefused')) };
    });
  } finally {
    await endRotations();
    await mesh.setFaults({});
    await worker.stop();
  }
}

/** When each workload of `shop` was rolled last, and when its first new pod came. */
async function rollsOfShop(): Promise<{ name: string; rolledAt: number; firstPod: number }[]> {
  const namespace = 'shop';
  const { items: deployments } = await k8s.apps.listNamespacedDeployment({ namespace });
  const { items: sets } = await k8s.apps.listNamespacedStatefulSet({ namespace });
  const { items: pods } = await k8s.core.listNamespacedPod({ namespace });
  return [...deployments, ...sets]
    .map(({ metadata, spec }) => {
      const own = pods.filter((pod) => pod.metadata?.labels?.['app'] === spec?.template.metadata?.labels?.['app']);
      const born = own.map((pod) => new Date(pod.metadata?.creationTimestamp ?? 0).getTime());
      return {
        name: metadata?.name ?? '',
        rolledAt: Date.parse(metadata?.annotations?.['reroot.dev/rolled-at'] ?? ''),
        firstPod: Math.min(...born),
      };
    })
    .toSorted((one, other) => one.rolledAt - other.rolledAt);
}

export async function byFirstWorkload(): Promise<string> {
  const { result, warned } = await rotating('60s', async (handle) => {
    const report = await reportOf(handle);
    return { report, rolls: await rollsOfShop() };
  });
  const { report, rolls } = result;
  expect(report.outcome).toBe('completed');
  for (const { anchors } of (await mesh.status()).proxies) expect(anchors).toEqual([report.newRoot.fingerprint]);
  const [first, second] = rolls;
  if (!first || !second) throw new Error('shop has two workloads');
  // creation times are in whole seconds
  expect(second.rolledAt).toBeGreaterThanOrEqual(first.firstPod);
  const seconds = ((second.rolledAt - first.rolledAt) / 1000).toFixed(1);
  return `${warned}; then ${report.outcome}: in shop, ${second.name} was rolled ${seconds} s after ${first.name}, whose new pod had come`;
}

/** The repair: its next pod has the bundle of now. */
async function restartInjector(): Promise<void> {
  const namespace = 'linkerd';
  const labelSelector = 'linkerd.io/control-plane-component=proxy-injector';
  const before = (await mesh.status()).injectors.map(({ pod }) => pod);
  await k8s.core.deleteCollectionNamespacedPod({ namespace, labelSelector });
  await eventually('another injector', async () => {
    const { injectors } = await mesh.status();
    return injectors.length > 0 && injectors.every(({ pod, ready }) => ready && !before.includes(pod));
  });
}

export async function firstComesBackWrong(): Promise<string> {
  await mesh.setFaults({ injectorStaleMs: 600_000 });
  const { result, warned } = await rotating('15s', async (handle) => {
    const asked = await statusWhere(
      handle,
      'the question',
      ({ waiting, stragglers }) =>
        waiting?.kind === 'attention' && stragglers.some(({ reason }) => reason === 'FirstNotProven'),
    );
    const held = asked.stragglers.filter(({ reason }) => reason === 'FirstNotProven');
    const { proxies } = await mesh.status();
    const untouched = proxies.filter(({ namespace, anchors }) => namespace !== 'linkerd' && anchors.length === 1);
    expect(untouched.length).toBeGreaterThan(0);
    await mesh.setFaults({});
    await restartInjector();
    await handle.executeUpdate('retry', { args: [] });
    return { held, report: await reportOf(handle) };
  });
  const { held, report } = result;
  expect(report.outcome).toBe('completed');
  const [one] = held;
  if (!one) throw new Error('none was held back');
  return `${warned}; then asked, ${one.subject.name} ${said(one)}; after the repair and retry: ${report.outcome}`;
}
