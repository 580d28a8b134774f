import { LONGEST_SAYING, plain } from '../ground/plain.js';
import { present } from '../ground/present.js';
import { formatFinding } from '../rotation/findings.js';
import type { Overview } from '../rotation/overview.js';
import type { RotationReport } from '../rotation/report.js';
import { alertsOfLast, type ScheduledWatch } from '../rotation/scheduled-watch.js';
import type { Alert, RotationStatus, Waiting } from '../rotation/status.js';
import { WAITS, waitsOf } from '../rotation/waits.js';
import type { WatchStatus } from '../rotation/watch-status.js';
import { expiring } from './expiry.js';

/** What people are told without asking: pure, from one look. A notice stands as long as it is so. */
export interface Notice {
  /** The same notice has the same key for every replica, at any time. */
  key: string;
  /** Stable CamelCase word to search and alert by. */
  reason: string;
  type: 'Normal' | 'Warning';
  /** One line: what, since when, on whom, and what to do. */
  message: string;
  /** ISO 8601. */
  since: string;
  workflowId?: string;
  phase?: string;
  /** Milliseconds that it has to have stood before it is told. */
  after?: number;
  /** Milliseconds between two of this reason at least: what it says changes often. */
  spacing?: number;
}

/**
 * What happened longer ago is no news. Less than the hour for which an API server keeps an Event: as long as it is news, the
 * Event says to a worker that has just started that it was told.
 */
export const NEWS_MS = 50 * 60_000;
/** A wait for a worker that ends sooner is a restart. */
const WORKER_AWAY_MS = 60_000;
/** Proxies are rolled, or start, while the bundle changes: what stands longer is drift. */
const DRIFT_MS = 600_000;
const SPACING_MS = 300_000;
/** Subjects of a wait that a message names. */
const SHOWN = 3;

/** All that stands now. */
export function noticesOf(overview: Overview): Notice[] {
  const { rotation, watch, schedule, report, certificates, at } = overview;
  const all = [
    ...(rotation?.status ? ofRotation(rotation.status, at) : []),
    ...(report ? ofReport(report, at) : []),
    ...(watch ? ofWatch(watch) : []),
    ...(schedule && !watch ? ofSchedule(schedule, overview) : []),
    ...staleProxies(overview),
    ...expiring(certificates, overview),
  ];
  return [...new Map(all.map((one) => [one.key, one])).values()];
}

/** A rotation, or the watch of one, as notices name it. */
type Named = Pick<RotationStatus, 'workflowId' | 'cluster' | 'startedAt'> & { phase?: string };

interface What extends Pick<Notice, 'reason' | 'type' | 'since'> {
  /** What tells it from others of its reason in the same rotation; absent: there is one. */
  which?: string;
  says: string;
  spacing?: number;
}

/** `startedAt` tells one rotation from another of its id, and stays when it goes on in a new run. */
function notice(of: Named, { reason, type, since, which, says, spacing }: What): Notice {
  const { workflowId, startedAt, phase } = of;
  const key = [workflowId, startedAt, reason, ...(which === undefined ? [] : [which])].join(' ');
  const message = plain(says, LONGEST_SAYING);
  return { key, reason, type, message, since, workflowId, ...present({ phase, spacing }) };
}

const called = ({ workflowId, cluster }: Named): string => `Rotation ${workflowId} of cluster ${cluster}`;

function ofRotation(status: RotationStatus, at: string): Notice[] {
  const alerts = (status.alerts ?? []).map((alert) => ofAlert(status, alert));
  if (status.outcome !== 'running') return [...ended(status, at), ...alerts];
  return [...started(status, at), ...pastReturn(status, at), ...ofWaits(status, at), ...undone(status), ...alerts];
}

/** It has read the mesh, and begins to write. */
function started(status: RotationStatus, at: string): Notice[] {
  const preflight = status.phases.find(({ phase }) => phase === 'preflight');
  const since = preflight?.finishedAt;
  if (since === undefined || !isNews(since, at)) return [];
  const { strategy, plan } = status;
  const size = plan ? `, ${plan.proxies} proxies` : '';
  const says = `${called(status)} has begun at ${since}: strategy ${strategy}${size}. \`reroot status\` follows it.`;
  return [notice(status, { reason: 'RotationStarted', type: 'Normal', since, says })];
}

function pastReturn(status: RotationStatus, at: string): Notice[] {
  const retire = status.phases.find(({ phase }) => phase === 'retire');
  if (!status.pastPointOfNoReturn || status.aborted || !retire) return [];
  const since = retire.startedAt ?? status.startedAt;
  if (!isNews(since, at)) return [];
  const says =
    `${called(status)} is past the point of no return since ${since}: the old root leaves the bundle, and abort is no more ` +
    'possible. Nothing to do: it goes on by itself.';
  return [notice(status, { reason: 'PointOfNoReturnPassed', type: 'Normal', since, says })];
}

const isRevertedWait = ({ todo }: Waiting): boolean => todo === WAITS.reverted.todo;

function isStuckWait(wait: Waiting, at: string): boolean {
  if (wait.kind === 'worker') return Date.parse(at) - Date.parse(wait.since) >= WORKER_AWAY_MS;
  return wait.kind === 'attention' || (wait.kind === 'paused' && !isRevertedWait(wait));
}

/** Of each kind one notice, since the newest of its waits: what several namespaces wait for is one message. */
function ofWaits(status: RotationStatus, at: string): Notice[] {
  const all = waitsOf(status);
  const asks = all.filter(({ kind }) => kind === 'approval');
  const handOffs = all.filter(({ kind }) => kind === 'handOff');
  const stuck = all.filter((wait) => isStuckWait(wait, at));
  const reverted = all.filter(isRevertedWait);
  const one = (waits: Waiting[], reason: Pick<What, 'reason' | 'type' | 'spacing'>): Notice[] => {
    const since = newest(waits);
    if (since === undefined) return [];
    const plan = waits.find(({ planHash }) => planHash !== undefined)?.planHash;
    const which = plan === undefined ? since : `${since} ${plan}`;
    return [
      notice(status, { ...reason, since, which, says: `${called(status)} ${waits.map(waitText).join(' It also ')}` }),
    ];
  };
  return [
    ...one(asks, { reason: 'ApprovalRequired', type: 'Normal' }),
    ...one(handOffs, { reason: 'HandOffRequired', type: 'Normal', spacing: SPACING_MS }),
    ...one(stuck, { reason: 'RotationStuck', type: 'Warning', spacing: SPACING_MS }),
    ...one(reverted, { reason: 'DriftDetected', type: 'Warning' }),
  ];
}

function newest(waits: readonly Waiting[]): string | undefined {
  return waits.map(({ since }) => since).toSorted((a, b) => Date.parse(b) - Date.parse(a))[0];
}

function waitText({ for: what, since, on, todo, planHash }: Waiting): string {
  const more = on.length > SHOWN ? `; and ${on.length - SHOWN} more` : '';
  const whom = on.length > 0 ? ` (${on.slice(0, SHOWN).join('; ')}${more})` : '';
  const plan = planHash === undefined ? '' : ` The plan is ${planHash}.`;
  return `waits for ${what} since ${since}${whom}. ${todo}${plan}`;
}

/** What somebody else was asked to write has been put back: nothing is paused, they are asked for it again. */
function undone(status: RotationStatus): Notice[] {
  const { gate, phase, phases, startedAt } = status;
  if (gate?.phase !== phase) return [];
  const found = gate.reverted.filter(({ reason }) => reason === 'HandOffUndone');
  if (found.length === 0) return [];
  const since = phases.find((progress) => progress.phase === phase)?.startedAt ?? startedAt;
  const which = [phase, ...found.map(({ subject }) => subject.name).toSorted((a, b) => (a < b ? -1 : 1))].join(' ');
  const says = `${called(status)} finds put back in phase ${phase}: ${found.map(formatFinding).join('; ')}.`;
  return [notice(status, { reason: 'DriftDetected', type: 'Warning', since, which, says })];
}

function ofAlert(of: Named, { reason, message, since, deadline }: Alert): Notice {
  const end = deadline === undefined ? '' : ` Leaves end at ${deadline}.`;
  const says = `Cluster ${of.cluster}, ${of.workflowId}: ${message}${end}`;
  return notice(of, { reason, type: 'Warning', since, which: since, says });
}

/** As its workflow says itself; where it has left a report, that says more under the same key. */
function ended(status: RotationStatus, at: string): Notice[] {
  const since = status.phases.map(({ finishedAt = '' }) => finishedAt).toSorted((a, b) => (a < b ? 1 : -1))[0] ?? '';
  if (!isNews(since, at)) return [];
  const { outcome, notes, phase } = status;
  if (outcome === 'aborted') {
    const says = `${called(status)} was aborted in phase ${status.aborted?.phase ?? phase}.`;
    return [notice(status, { reason: 'RotationAborted', type: 'Warning', since, says })];
  }
  if (outcome === 'completed') {
    const says = `${called(status)} has completed at ${since}.`;
    return [notice(status, { reason: 'RotationCompleted', type: 'Normal', since, says })];
  }
  const last = notes.at(-1) ?? '';
  const says =
    `${called(status)} has ${outcome === 'cancelled' ? 'been cancelled' : 'failed'} in phase ${phase}, at ${since}. ` +
    `\`reroot status\` says why; \`reroot rotate\` goes on with what is there. ${last}`;
  return [notice(status, { reason: 'RotationFailed', type: 'Warning', since, says: says.trim() })];
}

function ofReport(report: RotationReport, at: string): Notice[] {
  const { outcome, finishedAt: since, newRoot, proxiesProven, aborted, waivers } = report;
  if (!isNews(since, at)) return [];
  if (outcome === 'aborted') {
    const why = aborted?.reason === undefined ? '' : ` (${aborted.reason})`;
    const says =
      `${called(report)} was aborted in phase ${aborted?.phase ?? 'preflight'}${why}, and is back at the certificates of the ` +
      `start since ${since}. Nothing to do.`;
    return [notice(report, { reason: 'RotationAborted', type: 'Warning', since, says })];
  }
  const waived = waivers.length > 0 ? ` ${waivers.length} waivers were given.` : '';
  const says =
    `${called(report)} has completed at ${since}: ${proxiesProven} proxies proven, root ${newRoot.fingerprint.slice(0, 12)} ` +
    `(${newRoot.commonName}) until ${newRoot.notAfter}.${waived} The report is in ConfigMap reroot-report.`;
  return [notice(report, { reason: 'RotationCompleted', type: 'Normal', since, says })];
}

function ofWatch(status: WatchStatus): Notice[] {
  const { waiting, alerts = [], cluster } = status;
  const told = alerts.map((alert) => ofAlert(status, alert));
  if (!waiting) return told;
  const { since } = waiting;
  const says = `The watch of cluster ${cluster} ${waitText(waiting)}`;
  const what =
    waiting.kind === 'approval'
      ? ({ reason: 'ApprovalRequired', type: 'Normal' } as const)
      : ({ reason: 'WatchWaiting', type: 'Warning' } as const);
  return [...told, notice(status, { ...what, since, which: since, says })];
}

/** Each look finds anew what still stands: it is the same notice, since whenever. */
function ofSchedule(schedule: ScheduledWatch, { cluster }: Overview): Notice[] {
  const of = { workflowId: schedule.scheduleId, cluster, startedAt: '' };
  return alertsOfLast(schedule).map((alert) => ({ ...ofAlert(of, alert), key: `${of.workflowId} ${alert.reason}` }));
}

/** Proxies whose anchors are not those of the bundle, while nobody rotates: known by the bundle that they differ from. */
function staleProxies({ rotation, mesh, certificates, cluster, at }: Overview): Notice[] {
  const stale = mesh?.stale ?? [];
  if (rotation || stale.length === 0) return [];
  const anchors = certificates.filter(({ kind }) => kind === 'anchor').map(({ fingerprint }) => fingerprint);
  const whom = stale.map(({ namespace, proxies }) => `${namespace} ${proxies}`).join(', ');
  const message =
    `In cluster ${cluster} proxies have other trust anchors than the bundle, and no rotation is under way: ${whom}. Somebody has ` +
    'changed the bundle, or brought back old pods: find out who, then restart those workloads.';
  return [
    {
      key: ['DriftDetected', ...anchors.toSorted((a, b) => (a < b ? -1 : 1))].join(' '),
      reason: 'DriftDetected',
      type: 'Warning',
      message: plain(message, LONGEST_SAYING),
      since: at,
      after: DRIFT_MS,
    },
  ];
}

/** Also of what is a moment ahead: clocks differ. */
function isNews(since: string, at: string): boolean {
  return Date.parse(at) - Date.parse(since) < NEWS_MS;
}
