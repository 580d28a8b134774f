import type { WorkloadRef } from '../ground/mesh.js';
import { workloadName } from '../ground/mesh.js';
import type { WorkloadSnapshot } from '../ground/workload.js';
import type { Finding } from './findings.js';

/**
 * What to do with one workload that has proxies which fall short of a phase's requirement. Pure: the activity looks,
 * this decides, the activity acts, and looks again.
 */

export type RolloutDecision =
  | { do: 'nothing' }
  /** Write the mark, and what else its template needs. */
  | { do: 'roll'; mark: string }
  /** Evict one of the pods that fall short; `refused`: why it could not go the last time. */
  | { do: 'evict'; refused?: string }
  | { do: 'wait'; why: string }
  | { do: 'straggle'; reason: string; message: string; hint: string };

export interface RolloutQuestion {
  workload: WorkloadSnapshot;
  /** Its template carries anchors of its own (manual injection, old control planes) that have to change. */
  staleTemplate: boolean;
  /** The input allows evictions. */
  deletePods: boolean;
  /** Why the last eviction was refused (a PodDisruptionBudget), and since when; ISO 8601. */
  blocked?: { message: string; since: string } | undefined;
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
  if (question.staleTemplate) return byTemplate(question);
  const settled = question.outdated === 0 ? withoutOutdated(question) : undefined;
  return settled ?? byReplacement(question);
}

/** Its template carries anchors of its own that have to change: written once, and once more with each `retry`. */
function byTemplate({ workload, mark, retry }: RolloutQuestion): RolloutDecision {
  const marked = isMarkOf(workload.mark, mark);
  if (!marked) return { do: 'roll', mark };
  const next = retryMark(mark, retry);
  if (retry > 0 && workload.mark !== next) return { do: 'roll', mark: next };
  return {
    do: 'straggle',
    reason: 'TemplateReverted',
    message: 'its template was given the anchors of this phase, and somebody has put others back',
    hint: 'find out who writes it (its managedFields say so); then `retry`',
  };
}

/** Every pod that stays meets the requirement, or has not shown what it has; undefined: its rollout is still under way. */
function withoutOutdated(question: RolloutQuestion): RolloutDecision | undefined {
  const { workload, leaving, starting, mark } = question;
  if (leaving > 0) return { do: 'wait', why: 'its last old pods are leaving' };
  if (starting > 0) return unread(question);
  return workload.rolledOut || !isMarkOf(workload.mark, mark) ? { do: 'nothing' } : undefined;
}

function byReplacement(question: RolloutQuestion): RolloutDecision {
  const { workload, outdated } = question;
  if (workload.unrollable) return { do: 'straggle', ...workload.unrollable };
  if (workload.replacement === 'next run') return unended(workload.kind, outdated);
  return workload.replacement === 'eviction' ? byEviction(question) : byRollout(question);
}

function byRollout({ workload, outdated, mark, retry, stuckAfterMs, now }: RolloutQuestion): RolloutDecision {
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

/** A run that has begun goes on with what it has; the next one is made from the template. */
function unended(kind: string, outdated: number): RolloutDecision {
  if (outdated === 0) return { do: 'nothing' };
  const { reason, message, hint } = unmanaged(kind);
  return { do: 'straggle', reason, message, hint };
}

/** One pod at a time, and only while all others are up. */
function byEviction(question: RolloutQuestion): RolloutDecision {
  const { workload, deletePods, blocked, outdated, starting, leaving, stuckAfterMs, now } = question;
  if (outdated === 0) return { do: 'nothing' };
  if (!deletePods) {
    return {
      do: 'straggle',
      reason: 'NeedsEviction',
      message: `${workload.evictionBecause}: ${outdated} of its pods are replaced only when somebody deletes them`,
      hint: 'delete them one by one (the rotation notices by itself), start with `rollout.deletePods`, or `waive` it',
    };
  }
  if (blocked && now.getTime() - Date.parse(blocked.since) > stuckAfterMs) {
    return {
      do: 'straggle',
      reason: 'EvictionBlocked',
      message: blocked.message,
      hint: 'loosen its PodDisruptionBudget or delete the pods (the rotation notices by itself), or `waive` it',
    };
  }
  if (leaving > 0) return { do: 'wait', why: 'an old pod is leaving' };
  if (starting > 0) return unread(question);
  if (!workload.rolledOut) return pending(workload, stuckAfterMs, now);
  return { do: 'evict', ...(blocked ? { refused: blocked.message } : {}) };
}

/** The mark of a phase, derived from the rotation's target so that whoever adopts the rotation writes the same. */
export function phaseMark(rotation: string, phase: string): string {
  return `${rotation}-${phase}`;
}

function retryMark(mark: string, retry: number): string {
  return retry > 0 ? `${mark}.${retry}` : mark;
}

/** Whether a template's mark is of this phase, be it the first roll or one after a retry. */
export function isMarkOf(found: string | undefined, mark: string): boolean {
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

/**
 * A template that would make pods with the wrong anchors, though no such pod lives now: scaled to zero, or the next run of
 * a CronJob.
 */
export function staleTemplate(workload: WorkloadRef): Finding {
  return {
    reason: 'StaleTemplate',
    severity: 'block',
    message: 'the anchors written out in its pod template are not those of this phase',
    subject: { kind: 'workload', name: workloadName(workload) },
  };
}

/** What preflight says of a workload whose pods a rotation could not replace; `ends`: they go by themselves. */
export function unrollableBecause(
  workload: WorkloadSnapshot | undefined,
  kind: string,
  deletePods: boolean,
): { reason: string; message: string; hint: string; ends?: boolean } | undefined {
  if (!workload || workload.replacement === 'next run') return unmanaged(kind);
  if (workload.replacement !== 'eviction' || deletePods) return workload.unrollable;
  return {
    reason: 'NeedsEviction',
    message: `${workload.evictionBecause}: its pods are replaced only when somebody deletes them`,
    hint: 'let reroot evict them, one at a time, with `rollout.deletePods`; or `waive` it now and delete them when asked to',
  };
}

/** Why reroot cannot replace pods of a controller that it does not roll, and what can. */
export function unmanaged(kind: string): { reason: string; message: string; hint: string; ends: boolean } {
  if (kind === 'Job' || kind === 'CronJob') {
    return {
      reason: 'JobRunning',
      message: 'a run that has begun is not touched',
      hint: 'let it end, or delete it (the rotation notices by itself); or `waive` it',
      ends: true,
    };
  }
  if (kind === 'StaticPod') {
    return {
      reason: 'StaticPod',
      message: "it is a static pod, that only its node's kubelet replaces",
      hint: 'move its manifest out of the folder of the kubelet and back, or `waive` it',
      ends: false,
    };
  }
  if (kind === 'Pod') {
    return {
      reason: 'BarePod',
      message: 'it has no controller that would make it anew',
      hint: 'delete and create it again (the rotation notices by itself), or `waive` it',
      ends: false,
    };
  }
  return {
    reason: 'CustomController',
    message: `a ${kind} is not rolled by reroot`,
    hint:
      kind === 'Rollout'
        ? '`kubectl argo rollouts restart` it (the rotation notices by itself), or `waive` it'
        : 'restart it by its own means or delete its pods (the rotation notices by itself), or `waive` it',
    ends: false,
  };
}
