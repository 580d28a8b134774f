import pc from 'picocolors';
import { formatDuration } from '../../ground/duration.js';
import type { Waiver } from '../../rotation/findings.js';
import type { Alert, RotationStatus, Waiting } from '../../rotation/status.js';
import { leavesEnd } from './dates.js';
import { explainText } from './findings.js';

/** What a person has to know or do about a rotation that goes on: alerts, what it waits for, what was waived. */

/** In one line; the status as JSON has all of them. */
const SUBJECTS_SHOWN = 3;

export function attentionLines(status: RotationStatus, now: Date): string[] {
  return [...alertLines(status, now), ...waitingLines(status, now), ...alsoWaitingLines(status, now)];
}

function alertLines({ alerts = [] }: RotationStatus, now: Date): string[] {
  if (alerts.length === 0) return [];
  return ['', ...alerts.map((alert) => pc.red(`  ${alertText(alert, now)}`))];
}

function alertText({ reason, message, deadline }: Alert, now: Date): string {
  return `⚠ ${reason}: ${message}${deadline ? `; ${leavesEnd(deadline, now)}` : ''}`;
}

function waitingLines({ waiting, cluster }: RotationStatus, now: Date): string[] {
  if (!waiting) return [];
  const lines = [
    '',
    pc.yellow(`  Waiting for ${waiting.for} (for ${since(waiting, now)})`),
    ...waiting.on.map((on) => `    - ${on}`),
    `    ${waiting.todo}`,
  ];
  const explained = explainText(reasonsOf(waiting));
  if (explained) lines.push(pc.dim(`    ${explained}`));
  if (waiting.handOff)
    lines.push(pc.dim(`    What has to be there: reroot hand-off --cluster ${cluster} [-o patch|values|manifest]`));
  if (waiting.kind === 'approval' && !waiting.inCluster)
    lines.push(pc.dim(`    In another terminal: reroot approve --cluster ${cluster} --plan ${waiting.planHash}`));
  return lines;
}

/** Findings stand there as `formatFinding` writes them. */
function reasonsOf({ on }: Waiting): string[] {
  return [...new Set(on.flatMap((line) => /^([A-Z][a-z]+[A-Z][A-Za-z]+): /.exec(line)?.[1] ?? []))];
}

function alsoWaitingLines({ alsoWaiting = [] }: RotationStatus, now: Date): string[] {
  return alsoWaiting.map((waiting) => {
    const on = waiting.on.length > 0 ? `: ${subjects(waiting)}` : '';
    return pc.yellow(`  Also waiting for ${waiting.for} (for ${since(waiting, now)})${on}`);
  });
}

function since({ since: from }: Waiting, now: Date): string {
  return formatDuration(now.getTime() - Date.parse(from));
}

function subjects({ on }: Waiting): string {
  const more = on.length - SUBJECTS_SHOWN;
  return `${on.slice(0, SUBJECTS_SHOWN).join('; ')}${more > 0 ? ` and ${more} more` : ''}`;
}

/** For one line of a log: everything that is waited for. */
export function waitingText({ waiting, alsoWaiting = [] }: RotationStatus): string {
  return [waiting, ...alsoWaiting].flatMap((each) => (each ? [onesText(each)] : [])).join(', also ');
}

function onesText(waiting: Waiting): string {
  const on = waiting.on.length > 0 ? ` (${subjects(waiting)})` : '';
  return `${waiting.kind === 'paused' ? 'paused' : `waiting for ${waiting.for}`}${on}`;
}

/** For one line of a log, without what changes by the second. */
export function alertsText({ alerts = [] }: RotationStatus): string {
  return alerts.map(({ reason, deadline }) => `  ⚠ ${reason}${deadline ? `, leaves end at ${deadline}` : ''}`).join('');
}

export function waiverLines({ waivers }: RotationStatus): string[] {
  return waivers.map((waiver) =>
    pc.dim(
      `  Waived: ${waiver.subject}, ${scopeOf(waiver)} (${waiver.claimedBy ? `${waiver.claimedBy}: ` : ''}${waiver.reason})`,
    ),
  );
}

/** What a waiver lets pass. */
function scopeOf({ gate, direction }: Pick<Waiver, 'gate' | 'direction'>): string {
  if (gate === undefined) return 'every gate is open to it';
  if (gate === 'rollout') return 'its rollout is not waited for, its proxies still have to pass';
  return `gate ${gate}${direction === 'back' ? ' of the way back' : ''} is open to it`;
}
