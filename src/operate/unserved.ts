import { isGrpcServiceError, type WorkflowHandle } from '@temporalio/client';
import type { Alert, RotationStatus } from '../rotation/status.js';
import { stepQueue, workerCommand } from '../temporal/names.js';
import { dateOf, pollersOf, STEPS, type WORKFLOWS } from '../temporal/pollers.js';

/** Steps that nobody carries out. */

type Description = Awaited<ReturnType<WorkflowHandle['describe']>>;
type PendingActivity = NonNullable<Description['raw']['pendingActivities']>[number];

/** PendingActivityState of temporal.api.enums.v1. */
const SCHEDULED = 1;
/** How long a step waits for a worker before somebody hears of it. */
const PATIENCE_MS = 5000;

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
export async function lastPoll(
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
