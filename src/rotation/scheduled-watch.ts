import type { Overview } from './overview.js';
import type { Alert } from './status.js';
import type { WatchReport } from './watch-status.js';

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

/** Of the watch that runs, or else of a Schedule's last look. */
export function watchAlertsOf({ watch, schedule }: Pick<Overview, 'watch' | 'schedule'>): Alert[] {
  return watch ? (watch.alerts ?? []) : schedule ? alertsOfLast(schedule) : [];
}

/** What the last look has to tell: its alerts, or that it has failed. */
export function alertsOfLast({ last }: ScheduledWatch): Alert[] {
  if (last?.failure === undefined) return last?.report?.alerts ?? [];
  const message = `look ${last.workflowId} has failed: ${last.failure}. \`reroot preflight\` says more, \`reroot schedule trigger\` looks again`;
  return [{ reason: 'WatchFailing', message, since: last.at }];
}
