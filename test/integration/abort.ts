import type { WorkflowHandle } from '@temporalio/client';
import { expect } from 'vitest';
import type { Phase } from '../../src/rotation/phases.js';
import type { StrategyName } from '../../src/rotation/courses/index.js';
import { approve, expectNoRefusal, type OwnMesh } from './own-mesh.js';
import { eventually, reportOf, statusOf, statusWhere } from './support.js';

export interface AbortCase {
  strategy: StrategyName;
  phase: Phase;
  leafRenewal?: 'roll';
  /** The worker is killed in the middle of the abort as well. */
  killed?: boolean;
  /** It is aborted while it is paused. */
  paused?: boolean;
  /** It is aborted as soon as the phase has begun, while its first step is under way: that is all there is to it. */
  atOnce?: boolean;
}

export function abortName({ strategy, phase, leafRenewal, killed, paused }: AbortCase): string {
  return `${strategy}${leafRenewal ? ' with rolled leaves' : ''}, in ${phase}${paused ? ', paused' : ''}${killed ? ', killed on the way back' : ''}`;
}

/** Aborts in the middle of a phase; everything is as at the start afterwards, and no handshake was refused. */
export async function abortIn(
  mesh: OwnMesh,
  { strategy, phase, leafRenewal, killed, paused, atOnce = false }: AbortCase,
): Promise<void> {
  const before = await mesh.certificates();
  await mesh.sandbox.mesh.setProbe({ reset: true });
  // phases that are over in a moment are caught where they ask
  const approvals = strategy === 'bridge' && (phase === 'trust' || phase === 'bridge') ? 'everyPhase' : 'beforeRetire';
  const handle = await mesh.start({ strategy, approvals, ...(leafRenewal ? { leafRenewal } : {}) });
  await inTheMiddleOf(handle, phase, { atOnce });
  if (paused) {
    await handle.executeUpdate('pause', { args: [] });
    await statusWhere(handle, 'the pause', ({ waiting }) => waiting?.kind === 'paused');
  }
  await handle.executeUpdate('abort', { args: [{ reason: 'a test', by: 'tester' }] });
  if (killed) {
    await statusWhere(handle, 'the way back', (status) => status.phase === 'abort' && status.gate !== undefined);
    await mesh.killWorker();
  }
  const report = await reportOf(handle);
  expect(report).toMatchObject({ outcome: 'aborted', aborted: { phase, claimedBy: 'tester', reason: 'a test' } });
  expect(await mesh.certificates()).toEqual(before);
  await readsRightOnTheWayBack(handle);
  expect(await mesh.secret('reroot-rotation')).toEqual({});
  await expectNoRefusal(mesh);
}

/**
 * Every message that a step gave on the way back names the root that it means: none is "the old root" there. A step that was under
 * way when the abort came is one of the way forward.
 */
async function readsRightOnTheWayBack(handle: WorkflowHandle): Promise<void> {
  const { events = [] } = await handle.fetchHistory();
  const aborted =
    events?.findIndex(
      (event) => event.workflowExecutionUpdateAcceptedEventAttributes?.acceptedRequest?.input?.name === 'abort',
    ) ?? -1;
  expect(aborted).toBeGreaterThan(0);
  const payloads = (events ?? [])
    .slice(aborted)
    .flatMap(({ activityTaskCompletedEventAttributes: done }) =>
      Number(done?.scheduledEventId ?? 0) > aborted ? (done?.result?.payloads ?? []) : [],
    );
  const messages = payloads.map(({ data }) => Buffer.from(data ?? []).toString('utf8'));
  expect(messages.length).toBeGreaterThan(5);
  for (const message of messages) expect(message).not.toMatch(/\b(old root|old anchors|old issuer)\b/i);
  const short = messages.flatMap((message) => message.match(/"(LeafNotUnderTarget|TargetNotTrusted)"[^}]*/g) ?? []);
  for (const finding of short) expect(finding).toContain('the root of the start');
}

/** Where a phase rolls, some of the mesh has been rolled; where it waits, the wait has begun. */
export async function inTheMiddleOf(
  handle: WorkflowHandle,
  phase: Phase,
  { atOnce }: Pick<AbortCase, 'atOnce'> = {},
): Promise<void> {
  await statusWhere(handle, phase, (status) => {
    const { waiting } = status;
    if (waiting?.kind === 'approval' && status.phase !== phase) void approve(handle, waiting.planHash).catch(() => {});
    return status.phase === phase;
  });
  if (atOnce) return;
  await eventually(`${phase} to be under way`, async () => {
    const seen = await statusOf(handle);
    if (seen.phase !== phase) throw new Error(`phase ${phase} is over`);
    return seen.waiting || seen.namespaces.some(({ state }) => state === 'done');
  });
}
