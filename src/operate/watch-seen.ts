import { WorkflowNotFoundError, type WorkflowHandle } from '@temporalio/client';
import { present } from '../ground/present.js';
import type { ScheduledWatch } from '../rotation/scheduled-watch.js';
import type { WatchStatus } from '../rotation/watch-status.js';
import { isNoAnswer } from '../temporal/answers.js';
import { watchIdFor } from '../temporal/names.js';
import { findSchedule, type Server } from './schedule-seen.js';

/** What watches a cluster, as its Temporal server knows it: a workflow that lasts, or the looks of a Schedule. */

/** A query waits for a worker: this long. */
const ANSWER_MS = 10_000;

/** What watches a cluster; as JSON it is what `reroot status` prints as `watch`. */
export interface WatchSeen {
  /** Workflow id of the watch, or of the look under way; absent: a Schedule looks, and no look is under way. */
  workflowId?: string;
  /** Absent: no worker has answered, or there is no workflow. */
  status?: WatchStatus;
  schedule?: ScheduledWatch;
}

/** @returns undefined where nothing watches the cluster */
export async function findWatch(session: Server, cluster: string): Promise<WatchSeen | undefined> {
  const schedule = await findSchedule(session, cluster);
  const handle = await runningWatch(session, cluster, schedule);
  if (!handle) return schedule && { schedule };
  const status = await statusOfWatch(handle);
  return { workflowId: handle.workflowId, ...(status ? { status } : {}), ...(schedule ? { schedule } : {}) };
}

/** The watch that lasts, or the look of a Schedule that is under way. */
export async function runningWatch(
  session: Server,
  cluster: string,
  schedule: ScheduledWatch | undefined,
): Promise<WorkflowHandle | undefined> {
  return (await describedWatch(session, cluster, schedule))?.handle;
}

async function describedWatch({ client }: Server, cluster: string, schedule: ScheduledWatch | undefined) {
  for (const workflowId of [watchIdFor(cluster), ...(schedule?.running ?? [])]) {
    const handle = client.workflow.getHandle(workflowId);
    try {
      const description = await handle.describe();
      if (description.status.name === 'RUNNING') return { handle, description };
    } catch (error) {
      if (!(error instanceof WorkflowNotFoundError)) throw error;
    }
  }
  return undefined;
}

/** What watches a cluster, for whoever looks again and again: a workflow is asked when its history has grown. */
export function watchReader(server: Server, cluster: string): () => Promise<Omit<WatchSeen, 'workflowId'>> {
  let known: { runId: string; length: number; status: WatchStatus } | undefined;
  const statusOf = async (schedule: ScheduledWatch | undefined): Promise<WatchStatus | undefined> => {
    const found = await describedWatch(server, cluster, schedule);
    if (!found) return undefined;
    const { runId, historyLength: length } = found.description;
    if (known?.runId === runId && known.length === length) return known.status;
    const status = await statusOfWatch(found.handle);
    if (status) known = { runId, length, status };
    return status ?? (known?.runId === runId ? known.status : undefined);
  };
  return async () => {
    const schedule = await findSchedule(server, cluster);
    return present({ status: await statusOf(schedule), schedule });
  };
}

/** @returns undefined when no worker answers */
export async function statusOfWatch(handle: WorkflowHandle): Promise<WatchStatus | undefined> {
  try {
    const ask = async () => await handle.query<WatchStatus>('status');
    return await handle.client.connection.withDeadline(Date.now() + ANSWER_MS, ask);
  } catch (error) {
    if (isNoAnswer(error)) return undefined;
    throw error;
  }
}
