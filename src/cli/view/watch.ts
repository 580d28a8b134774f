import pc from 'picocolors';
import { formatAlert } from '../../rotation/alerts.js';
import type { ScheduledLook, ScheduledWatch } from '../../rotation/scheduled-watch.js';
import type { WatchSeen } from '../../operate/watch-seen.js';
import { endLines, watchLines, type WatchStatus } from '../../rotation/watch-status.js';
import { plainly } from './terminal.js';

/** Notes that are shown: the newest. */
const NOTES = 3;

/** What watches a cluster, for people. */
export function watchText(seen: WatchSeen): string {
  const { workflowId, status, schedule } = plainly(seen);
  const lines: string[] = schedule ? scheduleLines(schedule, workflowId) : [];
  if (status) lines.push(...statusLines(status));
  else if (workflowId) lines.push(`Watch ${workflowId} runs, and no worker has answered for it.`);
  return lines.join('\n');
}

/** @param running the look under way, which says more itself */
function scheduleLines(
  { scheduleId, when, next, paused, last }: ScheduledWatch,
  running: string | undefined,
): string[] {
  const often = when === undefined ? '' : ` (${when})`;
  const looks =
    paused === undefined
      ? `Schedule ${scheduleId} looks at the root${next ? `, next at ${next}` : ''}${often}.`
      : pc.yellow(`Schedule ${scheduleId} is paused${often}: nothing is looked at.${paused ? ` Why: ${paused}` : ''}`);
  return [looks, ...(last && last.workflowId !== running ? lookLines(last) : [])];
}

function lookLines({ workflowId, at, report, failure }: ScheduledLook): string[] {
  if (failure !== undefined) return [pc.yellow(`Look ${workflowId} at ${at} has failed: ${failure}`)];
  if (!report) return [];
  const { seen, look, ahead, rotation, alerts = [] } = report;
  return [
    `Last look, at ${at}: ${seen}.`,
    ...(ahead ? endLines(look, ahead) : []),
    ...(rotation ? [`It has started rotation ${rotation.workflowId}.`] : []),
    ...alerts.map((alert) => pc.yellow(formatAlert(alert))),
  ];
}

function statusLines(status: WatchStatus): string[] {
  const { alerts = [], waiting, notes } = status;
  return [
    ...watchLines(status),
    ...alerts.map((alert) => pc.yellow(formatAlert(alert))),
    ...(waiting
      ? [
          `Waiting since ${waiting.since} for ${waiting.for}. ${waiting.todo}`,
          ...waiting.on.map((item) => `  - ${item}`),
        ]
      : []),
    ...notes.slice(-NOTES).map((note) => `ℹ ${note}`),
  ];
}
