import {
  isGrpcDeadlineError,
  isGrpcServiceError,
  ServiceError,
  type WorkflowHandle,
  WorkflowUpdateRPCTimeoutOrCancelledError,
} from '@temporalio/client';
import { DEFAULT_CLUSTER } from '../../ground/cluster-name.js';
import type { Alert, RotationStatus } from '../../rotation/status.js';
import { stepQueue, workerCommand } from '../../temporal/names.js';
import { dateOf, pollersOf, RECENT_MS, STEPS, WORKFLOWS } from '../../temporal/pollers.js';
import { CliError } from '../exit-codes.js';
import type { Session } from './connect.js';
import { attributeOf } from './end.js';

/** Whether anybody is there to answer: what Temporal knows of the workers that poll a task queue. */

type Description = Awaited<ReturnType<WorkflowHandle['describe']>>;
type PendingActivity = NonNullable<Description['raw']['pendingActivities']>[number];

/** PendingActivityState of temporal.api.enums.v1. */
const SCHEDULED = 1;
/** gRPC status: Temporal says so where it knows of no worker, or of one that fails. */
const FAILED_PRECONDITION = 9;

/** A worker that dies leaves a cached workflow behind, past which a query has to come (5 s). */
const ANSWER_MS = 15_000;
/** How long a step waits for a worker before somebody hears of it. */
const PATIENCE_MS = 5000;

/**
 * Asks a rotation something that only a worker can answer.
 * @throws CliError with what to start, when there is none
 */
export async function answered<T>(
  session: Pick<Session, 'server' | 'address'>,
  handle: WorkflowHandle,
  ask: () => Promise<T>,
): Promise<T> {
  const description = await handle.describe();
  const seen =
    description.status.name === 'RUNNING' ? await lastPoll(handle, description.taskQueue, WORKFLOWS) : new Date();
  if (!seen || Date.now() - seen.getTime() > RECENT_MS) throw unserved(session, description, 'no worker polls');
  try {
    return await handle.client.connection.withDeadline(Date.now() + ANSWER_MS, ask);
  } catch (error) {
    if (!isUnserved(error)) throw error;
    throw unserved(session, description, `no worker has answered within ${ANSWER_MS / 1000}s from`);
  }
}

/** Says that the steps of a rotation wait for a worker of its cluster, if they do. */
export async function unservedSteps(
  handle: WorkflowHandle,
  { taskQueue, raw }: Pick<Description, 'taskQueue' | 'raw'>,
  { cluster, waiting }: Pick<RotationStatus, 'cluster' | 'waiting'>,
): Promise<Alert | undefined> {
  const left = leftAlone(raw.pendingActivities ?? [], new Date());
  if (!left || waiting?.kind === 'worker') return undefined; // the rotation itself says so
  const queue = stepQueue(taskQueue, cluster);
  const polled = await lastPoll(handle, queue, STEPS);
  if (polled && polled >= left.since) return undefined;
  return {
    reason: 'NoWorker',
    message:
      `no worker of cluster ${cluster} polls task queue ${queue}, and step ${left.step} waits for one. ` +
      `Start one: \`${workerCommand(taskQueue, cluster)}\``,
    since: left.since.toISOString(),
  };
}

/** The step that has been due longest, if none is being carried out: whoever does one may have no room for another. */
export function leftAlone(
  pending: readonly Pick<PendingActivity, 'activityType' | 'state' | 'scheduledTime'>[],
  now: Date,
): { step: string; since: Date } | undefined {
  if (pending.some(({ state }) => state !== SCHEDULED)) return undefined;
  const due = pending
    .map(({ activityType, scheduledTime }) => ({
      step: activityType?.name ?? '',
      since: dateOf(scheduledTime) ?? now,
    }))
    .toSorted((a, b) => a.since.getTime() - b.since.getTime());
  return due.find(({ since }) => now.getTime() - since.getTime() > PATIENCE_MS);
}

/** When a worker last asked for work; undefined when Temporal knows of none. Who may not ask that takes it that one has. */
async function lastPoll(
  { client }: WorkflowHandle,
  queue: string,
  type: typeof WORKFLOWS | typeof STEPS,
): Promise<Date | undefined> {
  const { namespace } = client.options;
  try {
    const pollers = await pollersOf(client.connection.workflowService, { namespace, queue, type });
    return pollers.length > 0 ? new Date(Math.max(...pollers.map(({ polledAt }) => polledAt))) : undefined;
  } catch (error) {
    if (isGrpcServiceError(error)) return new Date();
    throw error;
  }
}

function unserved(
  { server, address }: Pick<Session, 'server' | 'address'>,
  description: Description,
  what: string,
): CliError {
  const { workflowId, taskQueue } = description;
  const cluster = attributeOf(description, 'RerootCluster') ?? DEFAULT_CLUSTER;
  const phase = attributeOf(description, 'RerootPhase');
  const command = server === 'embedded' ? `reroot rotate --cluster ${cluster}` : workerCommand(taskQueue, cluster);
  return new CliError(
    `${what} task queue ${taskQueue} of Temporal ${address}: rotation ${workflowId} stands${phase ? ` in phase ${phase}` : ''} ` +
      `until one does. Start one: \`${command}\`; the rotation goes on by itself`,
  );
}

/** Temporal itself says that no worker came for what was asked; any other refusal is the rotation's own word. */
function isUnserved(error: unknown): boolean {
  if (error instanceof WorkflowUpdateRPCTimeoutOrCancelledError) return true;
  const cause = error instanceof ServiceError ? error.cause : error;
  return isGrpcDeadlineError(cause) || (isGrpcServiceError(cause) && cause.code === FAILED_PRECONDITION);
}
