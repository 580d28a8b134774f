import { afterEach, expect, it } from 'vitest';
import type { WorkflowHandle } from '@temporalio/client';
import { dataPlaneGenerations, rolloutsBetween } from '../../sandbox/kit/index.js';
import {
  anchorsInUse,
  endRotations,
  eventually,
  FAST,
  mesh,
  refusalsDuring,
  reportOf,
  sandbox,
  startRotation,
  startWorker,
} from './support.js';

/** Of one of the phases that roll: the control plane, and all other namespaces. */
const ROLLING = ['reinject:renew', 'reinjectNamespaces:renew'];
/** One activity of each phase that has any; `approve` waits without one. */
const DEADLY = ['preflight', 'generate', 'addTarget', 'writeIssuer', 'awaitIssuer', 'dropRetired', 'finish'];

afterEach(endRotations);

it('survives SIGKILL of the worker in every phase: one run, one new root, three rollouts, no refused handshake', async () => {
  const before = { anchors: await anchorsInUse(), generations: await dataPlaneGenerations(sandbox) };
  let worker = startWorker();
  const killed: string[] = [];
  let firstRun: string | undefined;
  const { result: report, refused } = await refusalsDuring(async () => {
    const handle = await startRotation(FAST);
    ({ runId: firstRun } = await handle.describe());
    for (const activity of [...DEADLY, ...ROLLING].toSorted(inOrder)) {
      await eventually(`${activity} to be scheduled`, async () => await isScheduled(handle, activity), 120_000);
      await worker.kill();
      killed.push(activity);
      worker = startWorker();
    }
    return await reportOf(handle);
  });
  await worker.stop();
  expect(killed).toHaveLength(DEADLY.length + ROLLING.length);
  expect(report.outcome).toBe('completed');
  expect(report.runId, 'no worker has reset what it can replay').toBe(firstRun);
  expect(await anchorsInUse()).toEqual([report.newRoot.fingerprint]);
  expect(report.oldRoots.map(({ fingerprint }) => fingerprint)).toEqual(before.anchors);
  expect(rolloutsBetween(before.generations, await dataPlaneGenerations(sandbox))).toBe(3);
  expect((await mesh.status()).proxies.every(({ anchors }) => anchors.length === 1)).toBe(true);
  expect(refused).toBe(0);
});

const ORDER = [
  'preflight',
  'generate',
  'addTarget',
  'writeIssuer',
  'awaitIssuer',
  'reinject:renew',
  'reinjectNamespaces:renew',
  'dropRetired',
  'finish',
];

function inOrder(a: string, b: string): number {
  return ORDER.indexOf(a) - ORDER.indexOf(b);
}

async function isScheduled(handle: WorkflowHandle, activity: string): Promise<boolean> {
  const [name, phase] = activity.split(':');
  const { events } = await handle.fetchHistory();
  return (events ?? []).some(({ activityTaskScheduledEventAttributes: scheduled }) => {
    if (scheduled?.activityType?.name !== name) return false;
    const input = scheduled?.input?.payloads?.[0]?.data;
    return phase === undefined || (input ? Buffer.from(input).toString().includes(`"phase":"${phase}"`) : false);
  });
}
