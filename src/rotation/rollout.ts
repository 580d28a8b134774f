import type { WorkloadRef } from '../ground/mesh.js';
import { workloadName } from '../ground/mesh.js';
import type { WorkloadSnapshot } from '../ground/workload.js';
import { evictNext, heedRefusal, type Refusal } from './evictions.js';
import type { Finding } from './findings.js';
import { type Asked, isAskedAgain, isMarkOf, markToWrite } from './mark.js';
import { ownerName, ownMeans, ownMeansBeside } from './own-means.js';
import {
  elapsedMs,
  isNext,
  leave,
  type RolloutDecision,
  type Straggling,
  unanswered,
  type Waited,
} from './rollout-waits.js';
import { unmanaged } from './unmanaged.js';

/**
 * What to do with one workload that has proxies which fall short of a phase's requirement. Pure: the activity looks,
 * this decides, the activity acts, and looks again.
 */

export interface RolloutQuestion extends Waited, Asked {
  workload: WorkloadSnapshot;
  /** Its template carries anchors of its own (manual injection, old control planes) that have to change. */
  staleTemplate: boolean;
  /** The input allows evictions. */
  deletePods: boolean;
  refused?: Refusal | undefined;
  /** How many of its pods have been evicted, since somebody has asked last. */
  evictions: number;
  /** One of its pods that fall short and stay, which is not ready: it may hold up its own replacement. */
  unready?: string | undefined;
  /** Pods that came back without a proxy. */
  lost: number;
  /** ISO 8601: since when they have been missed. Absent: from now on. */
  lostSince?: string | undefined;
  /** Its rollout of this phase has been seen at its end: what it does since is its own life. */
  settled: boolean;
}

/** How long pods without a proxy are counted again: while a workload is scaled down, or its status lags, they only seem to be. */
const LOST_AFTER_MS = 5000;

export function decideRollout(question: RolloutQuestion): RolloutDecision {
  return heedRefusal(decide(question), question);
}

function decide(question: RolloutQuestion): RolloutDecision {
  if (question.staleTemplate) return byTemplate(question);
  const settled = question.outdated === 0 ? withoutOutdated(question) : undefined;
  return settled ?? byReplacement(question);
}

/** Its template carries anchors of its own that have to change: written once, and once more with each `retry`. */
function byTemplate(question: RolloutQuestion): RolloutDecision {
  if (mayRoll(question)) return roll(question);
  return {
    do: 'straggle',
    reason: 'TemplateReverted',
    message: 'its template was given the anchors of this phase, and somebody has put others back',
    hint: 'find out who writes it (its managedFields say so); then `retry`',
  };
}

/** A workload is rolled once a phase, and once more when a person has asked again. */
function mayRoll({ workload, ...asked }: RolloutQuestion): boolean {
  const { mark } = workload;
  return mark === undefined || !isMarkOf(mark, asked.mark) || isAskedAgain(mark, asked);
}

function roll(asked: Asked): RolloutDecision {
  return { do: 'roll', mark: markToWrite(asked) };
}

/** Every pod that stays meets the requirement, or has not shown what it has; undefined: its rollout is still under way. */
function withoutOutdated(question: RolloutQuestion): RolloutDecision | undefined {
  const { workload, leaving, starting, lost, settled } = question;
  if (leaving > 0) return leave(question, 'its last old pods are leaving');
  if (starting > 0) return unread(question);
  if (lost > 0) return withoutProxies(question);
  return workload.rolledOut || settled || !isMarked(question) ? { do: 'nothing' } : undefined;
}

function isMarked({ workload, mark }: RolloutQuestion): boolean {
  return isMarkOf(workload.mark, mark);
}

/** Its pods run, but some were made while nobody injected them. */
function withoutProxies(question: RolloutQuestion): RolloutDecision {
  const { workload, lost, lostSince, stuckAfterMs, now } = question;
  const message = `${lost} of its ${workload.wanted ?? lost} pods came back without a proxy`;
  if (elapsedMs(lostSince, now) < Math.min(LOST_AFTER_MS, stuckAfterMs)) return { do: 'wait', why: message };
  const byItself = workload.replacement === 'rollout';
  if (byItself && mayRoll(question)) return roll(question);
  return {
    do: 'straggle',
    reason: 'ProxyLost',
    message,
    hint: byItself
      ? 'check that linkerd-proxy-injector is up, then `retry`, which rolls it once more; `waive` it if its pods are to be unmeshed'
      : 'check that linkerd-proxy-injector is up, then delete the pods that have no proxy (the rotation notices by itself); `waive` it if they are to be unmeshed',
  };
}

function byReplacement(question: RolloutQuestion): RolloutDecision {
  const { workload, outdated } = question;
  if (workload.unrollable) return { do: 'straggle', ...workload.unrollable };
  if (workload.replacement === 'next run') return unended(workload, outdated);
  return workload.replacement === 'eviction' ? byEviction(question) : byRollout(question);
}

function byRollout(question: RolloutQuestion): RolloutDecision {
  if (!isMarked(question)) return roll(question);
  if (!question.workload.rolledOut) return pending(question);
  // Rolled for this phase, every pod is of the newest template, and still some fall short: a webhook that was away or
  // stale, an operator that undid it. Rolling again by ourselves could go on for ever; a person decides with `retry`.
  if (mayRoll(question)) return roll(question);
  if (question.workload.dropped && question.deletePods) return byEviction(question);
  const message = `rolled out completely, but ${question.outdated} of its pods still fall short`;
  return { do: 'straggle', reason: 'OutdatedAfterRollout', ...inVain(question.workload, message) };
}

function inVain(workload: WorkloadSnapshot, message: string): Pick<Straggling, 'message' | 'hint'> {
  if (!workload.dropped) {
    const hint =
      'look at the pods (were they injected by the current proxy-injector?), then `retry` to roll it once more';
    return { message, hint };
  }
  const { owner, writers = [] } = workload;
  const whose = owner && `it belongs to ${ownerName(owner)}`;
  const who = writers.length > 0 && `its template is written by ${writers.join(', ')}`;
  return {
    message: [`${message}; somebody has taken the mark of its roll off again`, whose, who].filter(Boolean).join('; '),
    hint: owner
      ? `${ownMeansBeside(owner)}; or ${EVICTED_INSTEAD}, or \`waive\` it. \`retry\` rolls it once more`
      : `find out who writes it (its managedFields say so), let them keep annotations \`reroot.dev/*\`; then \`retry\` to roll it once more; or ${EVICTED_INSTEAD}`,
  };
}

const EVICTED_INSTEAD = 'delete its pods one by one (the rotation notices by itself), start with `rollout.deletePods`';

/** A run that has begun goes on with what it has; the next one is made from the template. */
function unended({ kind }: WorkloadSnapshot, outdated: number): RolloutDecision {
  if (outdated === 0) return { do: 'nothing' };
  const { reason, message, hint } = unmanaged({ kind, name: '' });
  return { do: 'straggle', reason, message, hint };
}

/** One pod at a time, and only while all others are up. */
function byEviction(question: RolloutQuestion): RolloutDecision {
  const { workload, deletePods, outdated, starting, leaving, evictions } = question;
  if (outdated === 0) return { do: 'nothing' };
  if (!deletePods) return needsEviction(workload, outdated);
  if (leaving > 0) return leave(question, 'an old pod is leaving');
  if (starting > 0) return unread(question);
  if (!workload.rolledOut) return pending(question);
  return evictNext({ outdated, evictions, wanted: workload.wanted });
}

function needsEviction({ evictionBecause, owner }: WorkloadSnapshot, outdated: number): Straggling {
  const whose = owner ? ` (of ${ownerName(owner)})` : '';
  const orElse = owner ? `; or ${ownMeans(owner)}` : '';
  return {
    do: 'straggle',
    reason: 'NeedsEviction',
    message: `${evictionBecause}${whose}: ${outdated} of its pods are replaced only when somebody deletes them`,
    hint: `delete them one by one (the rotation notices by itself), start with \`rollout.deletePods\`, or \`waive\` it${orElse}`,
  };
}

/** Some of its pods have not shown what they have. */
function unread(question: RolloutQuestion): RolloutDecision {
  const { workload, settled } = question;
  if (workload.failed) return stuck(question, workload.failed);
  const underWay = isMarked(question) && !settled && !workload.rolledOut;
  return underWay ? pending(question) : unanswered(question);
}

function pending(question: RolloutQuestion): RolloutDecision {
  const { workload, stuckAfterMs } = question;
  if (workload.failed) return stuck(question, workload.failed);
  if (waitedMs(question) > stuckAfterMs) return stuck(question, workload.waitingFor ?? 'its rollout does not end');
  return { do: 'wait', why: workload.waitingFor ?? 'its rollout is under way' };
}

/**
 * A roll that has not replaced all pods yet is timed from its mark, which outlives this activity. All else is timed from
 * when it was seen first: the mark of another phase says nothing, nor does that of a roll which has ended.
 */
function waitedMs(question: RolloutQuestion): number {
  const { workload, outdated, settled, firstSeen, now } = question;
  const fromMark = isMarked(question) && outdated > 0 && !settled;
  return Math.max(elapsedMs(firstSeen, now), fromMark ? elapsedMs(workload.markedAt, now) : 0);
}

function stuck({ workload, unready }: RolloutQuestion, message: string): Straggling {
  // a StatefulSet waits for a pod to get ready before it replaces it, also when it never will (kubernetes#67250)
  const held = workload.kind === 'StatefulSet' && workload.replacement === 'rollout' && unready;
  return {
    do: 'straggle',
    reason: 'RolloutStuck',
    message: held
      ? `${message}; its pod ${unready} is not ready, and a StatefulSet does not replace such a pod`
      : message,
    hint: held
      ? `delete pod ${unready} (the rotation notices by itself), or \`waive\` the workload to go on without it`
      : 'repair what the message names; the rotation notices by itself. Or `waive` the workload to go on without it',
  };
}

/** Nothing is rolled while nobody would inject its pods: whoever is next in line waits for the injector. */
export function withoutInjector(
  decision: RolloutDecision,
  { downSince, stuckAfterMs, now }: { downSince: string | undefined; stuckAfterMs: number; now: Date },
): RolloutDecision {
  if (!isNext(decision)) return decision;
  if (elapsedMs(downSince, now) <= stuckAfterMs) return { do: 'wait', why: 'the proxy injector is not ready' };
  return {
    do: 'straggle',
    reason: 'InjectorDown',
    message: `no replica of linkerd-proxy-injector has been ready since ${downSince}: its pods would come back without a proxy`,
    hint: 'bring linkerd-proxy-injector up, then `retry`',
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
