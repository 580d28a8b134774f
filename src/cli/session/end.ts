import {
  ActivityFailure,
  ApplicationFailure,
  CancelledFailure,
  ChildWorkflowFailure,
  WorkflowFailedError,
  type WorkflowHandle,
} from '@temporalio/client';
import { defaultPayloadConverter } from '@temporalio/common';
import { present } from '../../ground/present.js';
import type { PutBack } from '../../rotation/ending.js';
import type { Finding } from '../../rotation/findings.js';
import type { PlanResult } from '../../rotation/payloads.js';
import type { RotationReport } from '../../rotation/report.js';
import { ISSUER_WORKFLOW_TYPE, type SEARCH_ATTRIBUTES, workflowIdFor } from '../../temporal/names.js';

/** How a rotation ended, as its execution on the Temporal server says: no worker is needed to read it. */

type History = Awaited<ReturnType<WorkflowHandle['fetchHistory']>>;

export type Description = Pick<
  Awaited<ReturnType<WorkflowHandle['describe']>>,
  'type' | 'workflowId' | 'runId' | 'status' | 'startTime' | 'closeTime' | 'searchAttributes'
>;

/** What `reroot status -o json` prints of a rotation that has ended; stable. */
export interface RotationEnd {
  workflowId: string;
  runId: string;
  cluster: string;
  outcome: RotationReport['outcome'] | 'failed' | 'cancelled' | 'terminated' | 'timedOut';
  /** ISO 8601, of the last run. */
  startedAt: string;
  finishedAt?: string;
  /** With `completed`, and with `aborted` once something had been changed. */
  report?: RotationReport;
  /** Of a rotation that was only to say what it would do (`planOnly`). */
  plan?: PlanResult;
  /** With every end that has neither report nor plan. */
  failure?: EndFailure;
  /** The command that goes on where it stopped. */
  again: string;
}

export interface EndFailure {
  type: string;
  message: string;
  /** What of the mesh stands in the way, where that is why. */
  findings?: Finding[];
  /** What became of the issuer; absent where nothing had to be put back, or nobody could say. */
  left?: PutBack;
}

/** The step that puts the issuer of the start back (activities/put-back.ts). */
const PUT_BACK = 'putBack';

/** Failures of a workflow that has changed nothing. */
export const REFUSALS: readonly string[] = ['InvalidInput', 'PreflightFailed', 'RotationAlreadyRunning'];

const OVER: readonly Description['status']['name'][] = ['COMPLETED', 'FAILED', 'CANCELLED', 'TERMINATED', 'TIMED_OUT'];

export function isOver({ status }: Pick<Description, 'status'>): boolean {
  return OVER.includes(status.name);
}

/**
 * Reads the end of a rotation that has ended.
 * @throws ServiceError when the server does not answer
 */
export async function readEnd(handle: WorkflowHandle, cluster: string): Promise<RotationEnd> {
  const description = await handle.describe();
  try {
    return endedWith(description, cluster, { result: (await handle.result()) as unknown });
  } catch (error) {
    if (!(error instanceof WorkflowFailedError)) throw error;
    const end = endedWith(description, cluster, { failed: error.cause });
    if (end.outcome !== 'cancelled' || !end.failure || end.failure.left) return end;
    return { ...end, failure: { ...end.failure, ...present({ left: lastPutBack(await handle.fetchHistory()) }) } };
  }
}

/** A cancelled workflow cannot say more than that it was; what it did about the issuer is the result of a step. */
export function lastPutBack({ events }: Pick<History, 'events'>): PutBack | undefined {
  const scheduled = (events ?? []).findLast(
    ({ activityTaskScheduledEventAttributes: step }) => step?.activityType?.name === PUT_BACK,
  );
  const completed = (events ?? []).find(
    ({ activityTaskCompletedEventAttributes: step }) =>
      scheduled && step && String(step.scheduledEventId) === String(scheduled.eventId),
  );
  const [payload] = completed?.activityTaskCompletedEventAttributes?.result?.payloads ?? [];
  return payload ? putBackOf(defaultPayloadConverter.fromPayload(payload)) : undefined;
}

/** @param cluster where the execution does not say */
export function endedWith(
  description: Description,
  cluster: string,
  { result, failed }: { result?: unknown; failed?: unknown },
): RotationEnd {
  const { type, workflowId, runId, startTime, closeTime } = description;
  const named = attributeOf(description, 'RerootCluster') ?? cluster;
  const failure = result === undefined ? failureOf(failed) : undefined;
  const ofResult = resultFields(result);
  return {
    workflowId,
    runId,
    cluster: named,
    outcome: outcomeOf(description, ofResult.report, failure),
    startedAt: startTime.toISOString(),
    ...present({ finishedAt: closeTime?.toISOString(), failure }),
    ...ofResult,
    again: commandAgain({ workflowId, replaces: type === ISSUER_WORKFLOW_TYPE ? 'issuer' : 'root' }, named),
  };
}

/** A search attribute of a rotation; servers where a worker may not register them have none. */
export function attributeOf(
  { searchAttributes }: Description,
  name: (typeof SEARCH_ATTRIBUTES)[number],
): string | undefined {
  const [value] = (searchAttributes[name] ?? []) as readonly unknown[];
  return textOf(value);
}

function resultFields(result: unknown): Pick<RotationEnd, 'report' | 'plan'> {
  if (typeof result !== 'object' || result === null) return {};
  return 'outcome' in result ? { report: result as RotationReport } : { plan: result as PlanResult };
}

/** Of executions that end without a result of ours. */
const BY_STATUS: Partial<Record<Description['status']['name'], RotationEnd['outcome']>> = {
  COMPLETED: 'completed',
  CANCELLED: 'cancelled',
  TERMINATED: 'terminated',
  TIMED_OUT: 'timedOut',
};

const BY_FAILURE: Partial<Record<string, RotationEnd['outcome']>> = { Aborted: 'aborted', Cancelled: 'cancelled' };

function outcomeOf({ status }: Description, report?: RotationReport, failure?: EndFailure): RotationEnd['outcome'] {
  return report?.outcome ?? BY_STATUS[status.name] ?? BY_FAILURE[failure?.type ?? ''] ?? 'failed';
}

/** What the workflow itself failed with, under the layers that say where. */
function failureOf(error: unknown): EndFailure {
  let cause = error;
  while ((cause instanceof ActivityFailure || cause instanceof ChildWorkflowFailure) && cause.cause)
    cause = cause.cause;
  const message = cause instanceof Error ? cause.message : 'no reason given';
  if (cause instanceof ApplicationFailure)
    return {
      type: cause.type ?? 'Failed',
      message,
      ...present({ left: leftOf(cause.details), findings: findingsOf(cause.details) }),
    };
  if (cause instanceof CancelledFailure)
    return { type: 'Cancelled', message, ...present({ left: leftOf(cause.details) }) };
  return { type: cause instanceof Error ? cause.name.replace(/Failure$/, '') : 'Failed', message };
}

/** What `PreflightFailed` comes with. */
function findingsOf(details: unknown): Finding[] | undefined {
  const [first] = Array.isArray(details) ? (details as unknown[]) : [];
  return Array.isArray(first) && first.length > 0 && first.every(isFinding) ? first : undefined;
}

function isFinding(value: unknown): value is Finding {
  if (typeof value !== 'object' || value === null) return false;
  const { reason, severity, message, subject } = value as Record<string, unknown>;
  const { name } = (subject ?? {}) as { name?: unknown };
  return [reason, severity, message, name].every((text) => typeof text === 'string');
}

function leftOf(details: unknown): PutBack | undefined {
  return putBackOf(Array.isArray(details) ? (details as unknown[])[0] : undefined);
}

function putBackOf(first: unknown): PutBack | undefined {
  if (typeof first !== 'object' || first === null) return undefined;
  const { putBack, changed, nothing, why, leavesEnd } = first as Record<string, unknown>;
  if (typeof putBack !== 'boolean') return undefined;
  return {
    putBack,
    changed: changed === true,
    ...(nothing === true ? { nothing } : {}),
    ...present({ why: textOf(why), leavesEnd: textOf(leavesEnd) }),
  };
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** The command that goes on where a rotation has stopped, or begins the next. */
export function commandAgain(
  { workflowId, replaces }: { workflowId: string; replaces: 'root' | 'issuer' },
  cluster: string,
): string {
  const command = replaces === 'issuer' ? 'rotate-issuer' : 'rotate';
  const id = workflowId === workflowIdFor(cluster) ? '' : ` --workflow-id ${workflowId}`;
  return `reroot ${command} --cluster ${cluster}${id}`;
}
