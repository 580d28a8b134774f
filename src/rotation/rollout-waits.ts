/** Waits of a rollout: each ends by itself, or in a straggler with a reason. Pure. */

export type RolloutDecision =
  | { do: 'nothing' }
  /** Write the mark, and what else its template needs; `refused`: why it could not be written the last time. */
  | { do: 'roll'; mark: string; refused?: string }
  /** Evict one of the pods that fall short; `refused`: why it could not go the last time. */
  | { do: 'evict'; refused?: string }
  | { do: 'wait'; why: string }
  | Straggling;

/** It would be rolled now, or a pod of it evicted. */
export function isNext(decision: RolloutDecision): boolean {
  return decision.do === 'roll' || decision.do === 'evict';
}

export interface Straggling {
  do: 'straggle';
  reason: string;
  message: string;
  hint: string;
}

/** What is waited for of a workload, and since when. */
export interface Waited {
  /** Pods that fall short and stay. */
  outdated: number;
  /** Pods of which nothing is known yet: usually they are starting. */
  starting: number;
  startingBecause?: string | undefined;
  /** ISO 8601: since when that of them could not be read which could not for the longest time. Absent: from now on. */
  unreadSince?: string | undefined;
  /** Pods that fall short but are being deleted already. */
  leaving: number;
  /** That of them which should have been gone first, and when; ISO 8601. */
  leavesFirst?: { pod: string; at: string } | undefined;
  /** ISO 8601: since when it has been waited for, in one go, as far as this activity has seen. Absent: from now on. */
  firstSeen?: string | undefined;
  stuckAfterMs: number;
  now: Date;
}

/** Milliseconds since a time in ISO 8601; 0 where there is none, or it is still to come. */
export function elapsedMs(since: string | undefined, now: Date): number {
  const ms = now.getTime() - Date.parse(since ?? '');
  return ms > 0 ? ms : 0;
}

/** Old pods are on their way out. The time at which a pod should be gone includes the grace that it was given. */
export function leave(waited: Waited, why: string): RolloutDecision {
  const { leavesFirst, firstSeen, stuckAfterMs, now } = waited;
  if (elapsedMs(leavesFirst?.at ?? firstSeen, now) <= stuckAfterMs) return { do: 'wait', why };
  return {
    do: 'straggle',
    reason: 'TerminatingStuck',
    message: leavesFirst
      ? `pod ${leavesFirst.pod} should have been gone at ${leavesFirst.at}, and is still terminating`
      : `${waited.leaving} of its pods do not end`,
    hint: 'a finalizer may hold it, or its node is gone: `kubectl delete pod --force` it after making sure that the node is off (the rotation notices by itself), or `waive` the workload',
  };
}

/** Nothing is wrong that is known, but nothing is proven: each pod is given as long as a rollout may take. */
export function unanswered(waited: Waited): RolloutDecision {
  const { outdated, starting, startingBecause, unreadSince, firstSeen, stuckAfterMs, now } = waited;
  const why = `${starting} of its proxies could not be read: ${startingBecause ?? 'no answer'}`;
  const long = elapsedMs(firstSeen, now) > stuckAfterMs;
  if (elapsedMs(unreadSince, now) > stuckAfterMs || (long && outdated > 0)) {
    return {
      do: 'straggle',
      reason: 'ProxyUnreadable',
      message: why,
      hint: 'look at the pods, or `waive` the workload',
    };
  }
  // its pods come and go, none stays unread for long: the gate asks those that live then
  return long ? { do: 'nothing' } : { do: 'wait', why };
}
