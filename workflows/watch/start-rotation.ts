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
import { issuerPartOf, type RotationInput } from '../../src/rotation/input.js';
import type { PlanResult } from '../../src/rotation/payloads.js';
import type { RotationReport } from '../../src/rotation/report.js';
import type { Job } from '../../src/rotation/watch-expiry.js';
import { memoOf } from '../../src/rotation/watch-start.js';
import { ISSUER_WORKFLOW_TYPE, WORKFLOW_TYPE, workflowIdFor } from '../../src/temporal/names.js';
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
export async function startRotation(watching: Watching, job: Job): Promise<void> {
  const { settings, status } = watching;
  const { fingerprint: root, why } = job;
  const { approval } = status;
  waitFor(watching, undefined);
  const started = await begin(watching, job);
  if (!started) return;
  const { workflowId, firstExecutionRunId: runId } = started;
  if (approval) delete status.approval; // it was for this one
  const by = approval
    ? `, as ${approval.claimedBy ?? 'somebody'} has approved${approval.reason ? ` (${approval.reason})` : ''}`
    : '';
  addNote(status.notes, `${now()}: ${why}. Rotation ${workflowId} (run ${runId}) was started${by}.`);
  status.rotation = { workflowId, runId, root, startedAt: now() };
  delete status.asks;
  delete status.told;
  waitFor(watching, undefined);
  if (settings.once) return;
  status.rotation = { ...status.rotation, ...(await endOf(started.result())) };
  const { outcome, message } = status.rotation;
  addNote(status.notes, `${now()}: rotation ${workflowId} has ${outcome}${message ? `: ${message}` : ''}.`);
}

/** What a person reads in the Temporal UI's list, beside the cluster. */
const SUMMARIES: Record<Job['what'], (cluster: string) => string> = {
  renewed: (cluster) => `rotate the trust root of ${cluster}: it has renewed itself`,
  root: (cluster) => `rotate the trust root of ${cluster}: it expires`,
  issuer: (cluster) => `rotate the issuer of ${cluster}: it expires`,
};

async function begin({ settings }: Watching, { what, fingerprint: root, why }: Job) {
  const { cluster, rotation } = settings;
  const isIssuer = what === 'issuer';
  const { workflowId: watch } = workflowInfo();
  try {
    const child = await startChild<Rotate>(isIssuer ? ISSUER_WORKFLOW_TYPE : WORKFLOW_TYPE, {
      workflowId: workflowIdFor(cluster),
      args: [isIssuer ? issuerPartOf(rotation) : rotation],
      parentClosePolicy: ParentClosePolicy.ABANDON,
      // who stops the watch does not stop the rotation
      cancellationType: ChildWorkflowCancellationType.ABANDON,
      memo: memoOf({ watch, root, why, ...(what === 'renewed' ? {} : { replaces: what }) }),
      staticSummary: SUMMARIES[what](markdown(cluster, SUMMARY_LENGTH)),
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
