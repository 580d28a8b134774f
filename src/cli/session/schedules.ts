import { ScheduleAlreadyRunning, type ScheduleDescription, type ScheduleOptions } from '@temporalio/client';
import { type Scheduled, scheduled, type Server, WHEN_MEMO } from '../../operate/schedule-seen.js';
import type { WatchInput } from '../../rotation/watch-input.js';
import { TASK_QUEUE, WATCH_WORKFLOW_TYPE, watchIdFor } from '../../temporal/names.js';
import type { Times } from './times.js';

/** Makes and changes the Schedule of a cluster. */

/**
 * A look that the server was away for is made up for, so that a day is not lost to an hour of maintenance; several are one, because
 * one that is under way is not joined by another.
 */
const CATCHUP = '1d';
const CATCHUP_MS = 86_400_000;

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
      memo: { [WHEN_MEMO]: text },
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
