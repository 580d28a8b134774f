/**
 * What to do with one workload that has proxies which fall short of a phase's requirement. Pure: the activity looks,
 * this decides, the activity acts, and looks again.
 */

/** What matters of a Deployment, StatefulSet or DaemonSet, of whatever kind. */
export interface WorkloadSnapshot {
  kind: string;
  /** The mark in the pod template: for which rotation and phase it was last rolled. */
  mark?: string;
  /** When that mark was written; ISO 8601. */
  markedAt?: string;
  /** Why it cannot be rolled by a change of its template, if so. */
  unrollable?: { reason: string; message: string; hint: string };
  /** The controller has brought every pod to the newest template. */
  rolledOut: boolean;
  /** The controller has given up, in its own words. */
  failed?: string;
  /** What the controller waits for, in its own words. */
  waitingFor?: string;
}

export type RolloutDecision =
  | { do: 'nothing' }
  | { do: 'roll'; mark: string }
  | { do: 'wait'; why: string }
  | { do: 'straggle'; reason: string; message: string; hint: string };

export interface RolloutQuestion {
  workload: WorkloadSnapshot;
  /** Pods of the workload that fall short and stay. */
  outdated: number;
  /** Pods of which nothing is known yet: usually they are starting. */
  starting: number;
  startingBecause?: string | undefined;
  /** Pods that fall short but are being deleted already. */
  leaving: number;
  /** The mark of this rotation and phase; the same for every try, so that a second patch is a no-op. */
  mark: string;
  /** Which `retry` of the operator this is: 0 for the first pass. */
  retry: number;
  stuckAfterMs: number;
  now: Date;
}

export function decideRollout(question: RolloutQuestion): RolloutDecision {
  const { workload, outdated, starting, leaving, mark, retry, stuckAfterMs, now } = question;
  if (outdated === 0 && leaving > 0) return { do: 'wait', why: 'its last old pods are leaving' };
  if (outdated === 0 && starting > 0) return unread(question);
  if (outdated === 0 && (workload.rolledOut || !isMarkOf(workload.mark, mark))) return { do: 'nothing' };
  if (workload.unrollable) return { do: 'straggle', ...workload.unrollable };
  if (!isMarkOf(workload.mark, mark)) return { do: 'roll', mark };
  if (!workload.rolledOut) return pending(workload, stuckAfterMs, now);
  // Rolled for this phase, every pod is of the newest template, and still some fall short: a webhook that was away or
  // stale, an operator that undid it. Rolling again by ourselves could go on for ever; a person decides with `retry`.
  const next = retryMark(mark, retry);
  if (retry > 0 && workload.mark !== next) return { do: 'roll', mark: next };
  return {
    do: 'straggle',
    reason: 'OutdatedAfterRollout',
    message: `rolled out completely, but ${outdated} of its pods still fall short`,
    hint: 'look at the pods (were they injected by the current proxy-injector?), then `retry` to roll it once more',
  };
}

/** The mark of a phase, derived from the rotation's target so that whoever adopts the rotation writes the same. */
export function phaseMark(rotation: string, phase: string): string {
  return `${rotation}-${phase}`;
}

function retryMark(mark: string, retry: number): string {
  return retry > 0 ? `${mark}.${retry}` : mark;
}

/** Whether a template's mark is of this phase, be it the first roll or one after a retry. */
function isMarkOf(found: string | undefined, mark: string): boolean {
  return found === mark || found?.startsWith(`${mark}.`) === true;
}

/** Nothing is wrong that is known, but nothing is proven: wait for it, as long as for a rollout. */
function unread({ workload, starting, startingBecause, stuckAfterMs, now }: RolloutQuestion): RolloutDecision {
  if (!workload.rolledOut) return pending(workload, stuckAfterMs, now);
  const why = `${starting} of its proxies could not be read: ${startingBecause ?? 'no answer'}`;
  if (workload.markedAt && now.getTime() - Date.parse(workload.markedAt) <= stuckAfterMs) return { do: 'wait', why };
  return { do: 'straggle', reason: 'ProxyUnreadable', message: why, hint: 'look at the pods, or `waive` the workload' };
}

function pending(workload: WorkloadSnapshot, stuckAfterMs: number, now: Date): RolloutDecision {
  if (workload.failed) return stuck(workload.failed);
  const since = workload.markedAt ? now.getTime() - Date.parse(workload.markedAt) : 0;
  if (since > stuckAfterMs) return stuck(workload.waitingFor ?? 'its rollout does not end');
  return { do: 'wait', why: workload.waitingFor ?? 'its rollout is under way' };
}

function stuck(message: string): RolloutDecision {
  return {
    do: 'straggle',
    reason: 'RolloutStuck',
    message,
    hint: 'repair what the message names; the rotation notices by itself. Or `waive` the workload to go on without it',
  };
}
