import {
  type Client,
  type ScheduleDescription,
  ScheduleNotFoundError,
  ServiceError,
  WorkflowFailedError,
  WorkflowNotFoundError,
} from '@temporalio/client';
import { present } from '../ground/present.js';
import type { ScheduledLook, ScheduledWatch } from '../rotation/scheduled-watch.js';
import type { WatchReport } from '../rotation/watch-status.js';
import { watchIdFor } from '../temporal/names.js';

/** The Schedule of a cluster, as its Temporal server knows it: each of its looks is a watch that is one look alone. */

/** The Temporal server that is asked. */
export interface Server {
  client: Client;
}

/** @returns undefined where there is none, or the server has no Schedules */
export async function findSchedule(server: Server, cluster: string): Promise<ScheduledWatch | undefined> {
  const found = await describeSchedule(server, cluster);
  return found && (await factsOf(server, watchIdFor(cluster), found));
}

async function describeSchedule({ client }: Server, cluster: string): Promise<ScheduleDescription | undefined> {
  try {
    return await client.schedule.getHandle(watchIdFor(cluster)).describe();
  } catch (error) {
    if (error instanceof ScheduleNotFoundError || error instanceof ServiceError) return undefined;
    throw error;
  }
}

async function factsOf(server: Server, scheduleId: string, found: ScheduleDescription): Promise<ScheduledWatch> {
  const { info, state } = found;
  const [next] = state.paused ? [] : info.nextActionTimes;
  const { when } = scheduled(found);
  const last = await lastLook(server, info.recentActions);
  // one that was triggered beside the others (ALLOW_ALL) is not among those that the server says to be running
  const unlisted = last?.running ? [last.workflowId] : [];
  return {
    scheduleId,
    running: [...new Set([...info.runningActions.map(({ workflow }) => workflow.workflowId), ...unlisted])],
    ...present({
      when,
      next: next?.toISOString(),
      paused: state.paused ? (state.note ?? '') : undefined,
      last,
    }),
  };
}

/** What the server knows of the last look; no worker is needed to read it. */
async function lastLook(
  { client }: Server,
  recent: ScheduleDescription['info']['recentActions'],
): Promise<ScheduledLook | undefined> {
  const action = recent.at(-1);
  if (!action) return undefined;
  const { workflowId, firstExecutionRunId: runId } = action.action.workflow;
  const look = { workflowId, runId, at: action.takenAt.toISOString() };
  // by its id alone: a look that waits long goes on in another run
  const handle = client.workflow.getHandle(workflowId);
  try {
    if ((await handle.describe()).status.name === 'RUNNING') return { ...look, running: true };
    return { ...look, report: (await handle.result()) as WatchReport };
  } catch (error) {
    if (error instanceof WorkflowFailedError) return { ...look, failure: error.cause?.message ?? error.message };
    if (error instanceof WorkflowNotFoundError) return look;
    throw error;
  }
}

/** What was asked of a Schedule, as it says itself. */
export interface Scheduled {
  when?: string;
  taskQueue?: string;
  input?: unknown;
}

/** Of its action: when it looks, for people. */
export const WHEN_MEMO = 'looks';

export function scheduled({ action }: Pick<ScheduleDescription, 'action'>): Scheduled {
  const { memo, taskQueue, args } = action as Partial<ScheduleDescription['action']>;
  const when = memo?.[WHEN_MEMO];
  return present({ when: typeof when === 'string' ? when : undefined, taskQueue, input: args?.[0] });
}
