import {
  ScheduleAlreadyRunning,
  type ScheduleHandle,
  type ScheduleOptions,
  type ScheduleSpec,
} from '@temporalio/client';
import { parseDuration } from '../../ground/duration.js';
import type { Server } from '../../operate/watch-seen.js';
import type { WatchInput } from '../../rotation/watch-input.js';
import { TASK_QUEUE, WATCH_WORKFLOW_TYPE, watchIdFor } from '../../temporal/names.js';
import { CliError, EXIT } from '../exit-codes.js';

/** The Schedule of a cluster's looks. */

/** Looks that a server was away for are not made up for: the next one sees what is so then. */
const CATCHUP = '1m';

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
