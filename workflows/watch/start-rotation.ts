import {
  ChildWorkflowCancellationType,
  isCancellation,
  ParentClosePolicy,
  startChild,
  workflowInfo,
} from '@temporalio/workflow';
import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import { markdown } from '../../src/rotation/markdown.js';
import { addNote } from '../../src/rotation/notes.js';
import type { RotationInput } from '../../src/rotation/input.js';
import type { PlanResult } from '../../src/rotation/payloads.js';
import type { RotationReport } from '../../src/rotation/report.js';
import { type RenewalLook, seenText } from '../../src/rotation/watch.js';
import { memoOf } from '../../src/rotation/watch-start.js';
import { WORKFLOW_TYPE, workflowIdFor } from '../../src/temporal/names.js';
import { now } from '../in-phase.js';
import { causeOf } from '../steps.js';
import { waitFor, type Watching } from './watching.js';

type Rotate = (input?: RotationInput) => Promise<RotationReport | PlanResult>;

/** Characters of a cluster's name in what the Temporal UI shows in its list. */
const SUMMARY_LENGTH = 60;

/**
 * Starts the rotation as everybody else does: by the workflow id of the cluster, so that there is one. It lives on whatever
 * becomes of the watch, and its end is waited for, for as long as it takes; a watch that is one look alone does not wait.
 */
export async function startRotation(watching: Watching, look: RenewalLook): Promise<void> {
  const { settings, status } = watching;
  const root = look.root?.fingerprint ?? '';
  const { approval } = status;
  waitFor(watching, undefined);
  const started = await begin(watching, look, root);
  if (!started) return;
  const { workflowId, firstExecutionRunId: runId } = started;
  if (approval) delete status.approval; // it was for this one
  const by = approval
    ? `, as ${approval.claimedBy ?? 'somebody'} has approved${approval.reason ? ` (${approval.reason})` : ''}`
    : '';
  addNote(status.notes, `${now()}: ${seenText(look)}. Rotation ${workflowId} (run ${runId}) was started${by}.`);
  status.rotation = { workflowId, runId, root, startedAt: now() };
  waitFor(watching, undefined);
  if (settings.once) return;
  status.rotation = { ...status.rotation, ...(await endOf(started.result())) };
  const { outcome, message } = status.rotation;
  addNote(status.notes, `${now()}: rotation ${workflowId} has ${outcome}${message ? `: ${message}` : ''}.`);
}

async function begin({ settings }: Watching, look: RenewalLook, root: string) {
  const { cluster, rotation } = settings;
  const { workflowId: watch } = workflowInfo();
  try {
    const child = await startChild<Rotate>(WORKFLOW_TYPE, {
      workflowId: workflowIdFor(cluster),
      args: [rotation],
      parentClosePolicy: ParentClosePolicy.ABANDON,
      // who stops the watch does not stop the rotation
      cancellationType: ChildWorkflowCancellationType.ABANDON,
      memo: memoOf({ watch, root, why: seenText(look) }),
      staticSummary: `rotate the trust root of ${markdown(cluster, SUMMARY_LENGTH)}: it has renewed itself`,
    });
    return {
      workflowId: child.workflowId,
      firstExecutionRunId: child.firstExecutionRunId,
      result: async () => await child.result(),
    };
  } catch (error) {
    // somebody was quicker: the next look shows whom
    if (error instanceof WorkflowExecutionAlreadyStartedError) return undefined;
    throw error;
  }
}

async function endOf(
  result: Promise<RotationReport | PlanResult>,
): Promise<Pick<NonNullable<Watching['status']['rotation']>, 'outcome' | 'message'>> {
  try {
    const report = await result;
    return { outcome: 'outcome' in report ? report.outcome : 'completed' };
  } catch (error) {
    if (isCancellation(error)) throw error;
    return { outcome: 'failed', message: causeOf(error).message };
  }
}
