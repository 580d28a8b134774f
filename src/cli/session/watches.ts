import {
  ScheduleAlreadyRunning,
  type ScheduleHandle,
  ScheduleNotFoundError,
  type ScheduleOptions,
  type ScheduleSpec,
  ServiceError,
  WorkflowNotFoundError,
  type WorkflowHandle,
} from '@temporalio/client';
import { parseDuration } from '../../ground/duration.js';
import type { WatchInput } from '../../rotation/watch-input.js';
import type { WatchStatus } from '../../rotation/watch-status.js';
import { TASK_QUEUE, WATCH_WORKFLOW_TYPE, watchIdFor } from '../../temporal/names.js';
import { CliError, EXIT } from '../exit-codes.js';
import { isNoAnswer } from './answers.js';
import type { Session } from './connect.js';
import { isOver } from './end.js';

/** The watches of a cluster, as its Temporal server knows them: a workflow that lasts, or the looks of a Schedule. */

/** A query waits for a worker: this long. */
const ANSWER_MS = 10_000;
/** Looks that a server was away for are not made up for: the next one sees what is so then. */
const CATCHUP = '1m';

export type Server = Pick<Session, 'client'>;

/** A Schedule whose action is one look. */
export interface ScheduledWatch {
  scheduleId: string;
  /** ISO 8601. */
  next?: string;
  /** Workflow ids of looks under way: one that waits for a person. */
  running: string[];
}

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

/** @returns undefined where there is none, or the server has no Schedules */
export async function findSchedule({ client }: Server, cluster: string): Promise<ScheduledWatch | undefined> {
  const scheduleId = watchIdFor(cluster);
  try {
    const { info } = await client.schedule.getHandle(scheduleId).describe();
    const [next] = info.nextActionTimes;
    const running = info.runningActions.flatMap(({ type, workflow }) =>
      type === 'startWorkflow' ? [workflow.workflowId] : [],
    );
    return { scheduleId, running, ...(next ? { next: next.toISOString() } : {}) };
  } catch (error) {
    if (error instanceof ScheduleNotFoundError || error instanceof ServiceError) return undefined;
    throw error;
  }
}

/** Makes the Schedule of a cluster, or brings the one that there is to this. */
export async function putSchedule({ client }: Server, options: ScheduleOptions): Promise<'created' | 'updated'> {
  try {
    await client.schedule.create(options);
    return 'created';
  } catch (error) {
    if (!(error instanceof ScheduleAlreadyRunning)) throw error;
  }
  const { spec, action, policies = {} } = options;
  const handle: ScheduleHandle = client.schedule.getHandle(options.scheduleId);
  await handle.update(({ state }) => ({ spec, action, policies, state }));
  return 'updated';
}

/** One look at each of the times; while one waits for a person the others are skipped. */
export function scheduleOf(cluster: string, when: string, input: WatchInput): ScheduleOptions {
  return {
    scheduleId: watchIdFor(cluster),
    spec: specOf(when),
    action: {
      type: 'startWorkflow',
      workflowType: WATCH_WORKFLOW_TYPE,
      workflowId: watchIdFor(cluster),
      taskQueue: process.env['REROOT_TASK_QUEUE'] ?? TASK_QUEUE,
      args: [{ ...input, once: true }],
    },
    policies: { overlap: 'SKIP', catchupWindow: CATCHUP },
  };
}

/** An interval (`6h`), or five fields of cron. */
export function specOf(when: string): ScheduleSpec {
  const every = parseDuration(when);
  if (every !== undefined && every > 0) return { intervals: [{ every }] };
  if (/^\S+( +\S+){4}$/.test(when.trim())) return { cronExpressions: [when.trim()] };
  throw new CliError(
    `--schedule takes an interval such as 6h, or five fields of cron such as "0 6 * * *", not ${JSON.stringify(when)}`,
    EXIT.refused,
  );
}
