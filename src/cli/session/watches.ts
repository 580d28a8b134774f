import { WorkflowNotFoundError, type WorkflowHandle } from '@temporalio/client';
import type { WatchStatus } from '../../rotation/watch-status.js';
import { watchIdFor } from '../../temporal/names.js';
import { isNoAnswer } from './answers.js';
import { isOver } from './end.js';
import { findSchedule, type ScheduledWatch, type Server } from './schedules.js';

/** The watches of a cluster, as its Temporal server knows them: a workflow that lasts, or the looks of a Schedule. */

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
  { client }: Server,
  cluster: string,
  schedule: ScheduledWatch | undefined,
): Promise<WorkflowHandle | undefined> {
  for (const workflowId of [watchIdFor(cluster), ...(schedule?.running ?? [])]) {
    const handle = client.workflow.getHandle(workflowId);
    try {
      if (!isOver(await handle.describe())) return handle;
    } catch (error) {
      if (!(error instanceof WorkflowNotFoundError)) throw error;
    }
  }
  return undefined;
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
