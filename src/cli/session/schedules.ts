import {
  type Client,
  ScheduleAlreadyRunning,
  type ScheduleDescription,
  ScheduleNotFoundError,
  type ScheduleOptions,
  ServiceError,
  WorkflowFailedError,
  WorkflowNotFoundError,
} from '@temporalio/client';
import { present } from '../../ground/present.js';
import type { WatchInput } from '../../rotation/watch-input.js';
import type { WatchReport } from '../../rotation/watch-status.js';
import { TASK_QUEUE, WATCH_WORKFLOW_TYPE, watchIdFor } from '../../temporal/names.js';
import { isOver } from './end.js';
import type { Times } from './times.js';

/** The Schedule of a cluster: each of its looks is a watch that is one look alone. */

export interface Server {
  client: Client;
}

/**
 * A look that the server was away for is made up for, so that a day is not lost to an hour of maintenance; several are one, because
 * one that is under way is not joined by another.
 */
const CATCHUP = '1d';
const CATCHUP_MS = 86_400_000;

/** A Schedule whose action is one look. */
export interface ScheduledWatch {
  scheduleId: string;
  /** For people: `daily at 03:00 UTC`; absent: reroot has not made it. */
  when?: string;
  /** ISO 8601; absent: it is paused, or there is none. */
  next?: string;
  /** It is paused: why, as somebody has said. */
  paused?: string;
  /** Workflow ids of looks under way: one that waits for a person. */
  running: string[];
  /** The last look that was begun. */
  last?: ScheduledLook;
}

export interface ScheduledLook {
  workflowId: string;
  runId: string;
  /** ISO 8601: when it was begun. */
  at: string;
  /** What it has seen and done, once it has ended. */
  report?: WatchReport;
  /** Why it has failed. */
  failure?: string;
  /** It has not ended. */
  running?: true;
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
    if (!isOver(await handle.describe())) return { ...look, running: true };
    return { ...look, report: (await handle.result()) as WatchReport };
  } catch (error) {
    if (error instanceof WorkflowFailedError) return { ...look, failure: error.cause?.message ?? error.message };
    if (error instanceof WorkflowNotFoundError) return look;
    throw error;
  }
}

/** What was asked of a Schedule, as it says itself. */
interface Scheduled {
  when?: string;
  taskQueue?: string;
  input?: unknown;
}

const MEMO = 'looks';

function scheduled({ action }: Pick<ScheduleDescription, 'action'>): Scheduled {
  const { memo, taskQueue, args } = action as Partial<ScheduleDescription['action']>;
  const when = memo?.[MEMO];
  return present({ when: typeof when === 'string' ? when : undefined, taskQueue, input: args?.[0] });
}

/** One look at each of the times; while one waits for a person the others are skipped. */
export function scheduleOf(cluster: string, { spec, text }: Times, input: WatchInput): ScheduleOptions {
  return {
    scheduleId: watchIdFor(cluster),
    spec,
    action: {
      type: 'startWorkflow',
      workflowType: WATCH_WORKFLOW_TYPE,
      workflowId: watchIdFor(cluster),
      taskQueue: process.env['REROOT_TASK_QUEUE'] ?? TASK_QUEUE,
      args: [{ ...input, once: true }],
      memo: { [MEMO]: text },
    },
    policies: { overlap: 'SKIP', catchupWindow: CATCHUP },
  };
}

/** What became of a Schedule that was asked for. */
export interface Put {
  how: 'created' | 'updated' | 'unchanged';
  /** With `updated`, a line each: `before: 30d, was 60d`. */
  changes: string[];
}

/** Makes the Schedule of a cluster, or brings the one that there is to this; paused it stays paused. */
export async function putSchedule({ client }: Server, options: ScheduleOptions): Promise<Put> {
  try {
    await client.schedule.create(options);
    return { how: 'created', changes: [] };
  } catch (error) {
    if (!(error instanceof ScheduleAlreadyRunning)) throw error;
  }
  const { spec, action, policies = {} } = options;
  const handle = client.schedule.getHandle(options.scheduleId);
  const changes = changesOf(await handle.describe(), options);
  if (changes.length === 0) return { how: 'unchanged', changes };
  await handle.update(({ state }) => ({ spec, action, policies, state }));
  return { how: 'updated', changes };
}

function changesOf(found: ScheduleDescription, { action }: ScheduleOptions): string[] {
  const { overlap, catchupWindow } = found.policies;
  const policies =
    overlap === 'SKIP' && catchupWindow === CATCHUP_MS ? [] : ['overlap and catch-up: as reroot sets them'];
  return [...differences(scheduled(found), scheduled({ action } as ScheduleDescription)), ...policies];
}

/** Field by field: what it is to be, and what it was. */
export function differences(before: Scheduled, after: Scheduled): string[] {
  const [was, is] = [fieldsOf(before), fieldsOf(after)];
  const names = new Set([...was.keys(), ...is.keys()]);
  return [...names]
    .filter((name) => was.get(name) !== is.get(name))
    .map((name) => `${name}: ${is.get(name) ?? 'nothing'}, was ${was.get(name) ?? 'nothing'}`);
}

function fieldsOf({ when, taskQueue, input }: Scheduled): Map<string, string> {
  return new Map([...leaves('when', when), ...leaves('taskQueue', taskQueue), ...leaves('', input)]);
}

/** An empty object says as much as none. */
function leaves(at: string, value: unknown): [string, string][] {
  if (value === undefined) return [];
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return [[at, typeof value === 'string' ? value : JSON.stringify(value)]];
  return Object.entries(value).flatMap(([name, field]) => leaves(at ? `${at}.${name}` : name, field));
}
