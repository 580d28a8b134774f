import pc from 'picocolors';
import { formatAlert } from '../../rotation/alerts.js';
import { watchLines, type WatchStatus } from '../../rotation/watch-status.js';
import type { WatchSeen } from '../../operate/watch-seen.js';
import { plainly } from './terminal.js';

/** Notes that are shown: the newest. */
const NOTES = 3;

/** What watches a cluster, for people. */
export function watchText(seen: WatchSeen): string {
  const { workflowId, status, schedule } = plainly(seen);
  const lines: string[] = [];
  if (schedule) {
    const next = schedule.next ? `, next at ${schedule.next}` : '';
    lines.push(`Schedule ${schedule.scheduleId} looks at the root${next}.`);
  }
  if (status) lines.push(...statusLines(status));
  else if (workflowId) lines.push(`Watch ${workflowId} runs, and no worker has answered for it.`);
  return lines.join('\n');
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
