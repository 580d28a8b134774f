import Table from 'cli-table3';
import pc from 'picocolors';
import { formatDuration } from '../../ground/duration.js';
import { LONGEST_SAYING, plain } from '../../ground/plain.js';
import type { PhaseProgress } from '../../rotation/phases.js';
import { namespacesOf, type Plan } from '../../rotation/plan.js';
import { predictedText } from '../../rotation/planned-phases.js';
import type { RotationStatus } from '../../rotation/status.js';
import { alertsText, attentionLines, waitingText, waiverLines } from './attention.js';
import { day, moment } from './dates.js';
import { bar, namespaceLines, namespacesText } from './namespaces.js';
import type { Activity, LiveProgress } from '../../operate/progress.js';
import { plainly } from './terminal.js';

/** The live picture of a rotation: pure text from what was observed. */

/** Characters of a line of a log: one that is longer is read by nobody. */
const LONGEST_LINE = 160;

export interface Picture {
  status: RotationStatus;
  live: LiveProgress;
  now: Date;
}

export function renderPicture(seen: Picture): string {
  const picture = plainly(seen);
  const { status, now } = picture;
  return [
    ...header(status, now),
    '',
    ...status.phases.flatMap((phase) => phaseLines(phase, picture)),
    ...waiverLines(status),
    ...attentionLines(status, now),
    ...seen.live.activities.filter(({ attempt }) => attempt > 1).map(retryLine),
  ].join('\n');
}

/** One line on what has changed, for logs and pipes. */
export function renderLine(seen: Picture): string {
  const { status, live } = plainly(seen);
  if (status.outcome !== 'running') return `rotation ${status.outcome}`;
  const text = lineText(status, live);
  const alerts = plain(alertsText(status), LONGEST_LINE / 2);
  return `${plain(text ? `${status.phase}: ${text}` : status.phase, LONGEST_LINE - alerts.length)}${alerts}`;
}

/** What of it is news by itself, and not a count that goes up: a log need not have a line for each of those. */
export function newsOf({ status, live }: Picture): string {
  const { phase, outcome, waiting, alsoWaiting = [] } = status;
  const stuck = live.namespaces.filter(({ state }) => state === 'stuck').length;
  const waits = [waiting, ...alsoWaiting].map((each) => each && [each.kind, each.for, each.on]);
  return JSON.stringify([phase, outcome, waits, alertsText(status), stuck]);
}

function lineText(status: RotationStatus, live: LiveProgress): string {
  if (live.renewal && status.waiting?.kind === 'renewal') return renewalText(live.renewal);
  return waitingText(status) || namespacesText(live.namespaces) || provenText(status);
}

function renewalText({ proven, proxies, lastDue }: NonNullable<LiveProgress['renewal']>): string {
  const due = lastDue ? `, the last one is due at ${lastDue.slice(11, 19)}` : '';
  return `${proven} of ${proxies} proxies have renewed${due}`;
}

function provenText({ gate, phase }: RotationStatus): string {
  return gate?.phase === phase ? `${gate.proven} of ${gate.proxies} proxies proven` : '';
}

export function shortFingerprint(fingerprint: string): string {
  return fingerprint.slice(0, 12);
}

function header(status: RotationStatus, now: Date): string[] {
  const took = formatDuration(now.getTime() - Date.parse(status.startedAt));
  const linkerd = status.linkerdVersion ? `Linkerd ${status.linkerdVersion}` : 'Linkerd';
  const lines = [
    `${pc.bold(`Rotating the ${status.strategy === 'issuer' ? 'identity issuer' : 'trust root'} of ${linkerd}`)} in cluster ${pc.bold(status.cluster)}  ${pc.dim(took)}`,
  ];
  if (status.roots) lines.push(rootLine(status.roots, status));
  lines.push(...(status.plan?.owners ?? []));
  if (status.bridgeNotAfter) lines.push(`bridge certificate until ${moment(status.bridgeNotAfter, now)}`);
  return lines;
}

/** From which root to which; on the way back it is the other way round. */
function rootLine({ root, retire }: NonNullable<RotationStatus['roots']>, { phases }: RotationStatus): string {
  const made = shortFingerprint(root.fingerprint);
  const until = `valid until ${day(root.notAfter)}`;
  if (retire.length === 0) return `root ${pc.green(made)} stays, ${until}`;
  const ofStart = retire.map(({ fingerprint }) => shortFingerprint(fingerprint)).join(', ');
  const goesBack = phases.some(({ phase }) => phase === 'abort');
  if (goesBack) return `going back: root ${pc.yellow(made)} → ${pc.green(ofStart)}, the root of the start`;
  return `root ${pc.yellow(ofStart)} → ${pc.green(made)}, ${until}`;
}

function phaseLines(progress: PhaseProgress, { status, live, now }: Picture): string[] {
  const { phase, state } = progress;
  const name = phase.padEnd(10);
  const took = tookText(progress, now).padStart(7);
  switch (state) {
    case 'pending':
      return [pc.dim(`  · ${name}`)];
    case 'aborted':
      return [`  ${pc.yellow('✖')} ${name} ${pc.dim(took)}  ${pc.dim('aborted here')}`];
    case 'done':
      return [`  ${pc.green('✔')} ${name} ${pc.dim(took)}  ${pc.dim(summary(phase, status))}`];
    default: {
      const line = `  ${pc.cyan('▶')} ${pc.bold(name)} ${took}  ${proxiesText(phase, status, live)}`;
      return [line, ...slowedLines(live), ...namespaceLines(live.namespaces)];
    }
  }
}

function tookText({ startedAt, finishedAt }: PhaseProgress, now: Date): string {
  if (!startedAt) return '';
  const end = finishedAt ? Date.parse(finishedAt) : now.getTime();
  return formatDuration(end - Date.parse(startedAt));
}

function proxiesText(phase: PhaseProgress['phase'], { gate }: RotationStatus, live: LiveProgress): string {
  const ofPhase = gate?.phase === phase ? { proven: overall(gate, live), proxies: gate.proxies } : undefined;
  const done = live.renewal ?? ofPhase;
  return done
    ? `${bar(done.proven, done.proxies)} ${done.proven}/${done.proxies} proxies${dueText(live)}${inFlightText(live)}`
    : '';
}

function inFlightText({ rollout }: LiveProgress): string {
  return rollout ? pc.dim(`  pods under way: ${rollout.inFlight}, at most ${rollout.budget}`) : '';
}

/** Why fewer pods are replaced at a time than may be. */
function slowedLines({ rollout }: LiveProgress): string[] {
  return rollout?.slowed ? [pc.yellow(`      ${rollout.slowed}`)] : [];
}

function dueText({ renewal }: LiveProgress): string {
  return renewal?.lastDue ? pc.dim(`  the last one is due at ${renewal.lastDue.slice(11, 19)}Z`) : '';
}

/** The gate's count is of its last look; what namespaces have reported since is newer. */
function overall(gate: NonNullable<RotationStatus['gate']>, live: LiveProgress): number {
  const gained = live.namespaces.reduce((sum, { namespace, proxies, proven }) => {
    const outdated = gate.namespaces.find(({ name }) => name === namespace)?.outdated ?? 0;
    return sum + Math.max(0, outdated - (proxies - proven));
  }, 0);
  return Math.min(gate.proxies, gate.proven + (live.namespaces.length > 0 ? gained : 0));
}

function summary(phase: PhaseProgress['phase'], status: RotationStatus): string {
  if (phase === 'preflight' && status.plan) {
    return `${status.plan.proxies} proxies of ${status.plan.workloads} workloads in ${namespacesOf(status.plan)} namespaces`;
  }
  if (phase === 'generate' && status.roots)
    return status.roots.adopted ? 'adopted from an earlier run' : 'new root and issuer';
  return '';
}

function retryLine({ type, attempt, lastFailure }: Activity): string {
  const [first = ''] = (lastFailure ?? '').split('\n');
  return pc.yellow(`  ${plain(type)}: try ${attempt}${first ? ` after: ${plain(first, LONGEST_SAYING)}` : ''}`);
}

/** The plan as a table: what happens in each phase, and how long it may take. */
export function renderPlan(plan: Plan): string {
  const { strategy, rollouts, workloads, proxies, phases, owners = [], hash } = plainly(plan);
  const table = new Table({ head: ['phase', 'what happens', 'predicted'], style: { head: [], border: [] } });
  for (const planned of phases) table.push([planned.phase, planned.what, predictedText(planned)]);
  const forced = `${rollouts} forced ${rollouts === 1 ? 'rollout' : 'rollouts'}`;
  return [
    `Plan ${hash}: ${strategy}, ${forced} of ${workloads} workloads (${proxies} proxies, ${namespacesOf(plan)} namespaces)`,
    ...owners,
    table.toString(),
  ].join('\n');
}
