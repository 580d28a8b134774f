import { isBusy } from './namespace-progress.js';
import type { Cluster, InCluster } from './cluster-state.js';

/** Milliseconds for which what a fresh look has said of a straggler is believed. */
const BELIEVED_MS = 30_000;
/** Between two fresh looks passes so many times as long as one took: a cluster is not busy with lists. */
const REST = 10;

/**
 * What is decided for good is looked up again: that a workload is stuck, that one is rolled a second time, that nothing is left
 * to do. A watch may be behind, and pods and controllers in it are not of one moment. Until that look is due, it waits.
 */
export function confirmation(clock: () => number = Date.now) {
  const believed = new Map<string, number>();
  let notBefore = 0;
  const isOpen = (one: InCluster, now: number): boolean => isForGood(one) && (believed.get(keyOf(one)) ?? 0) < now;
  return async (seen: Cluster, lookAgain: () => Promise<Cluster>): Promise<Cluster> => {
    const began = clock();
    const open = seen.all.filter((one) => isOpen(one, began));
    if (open.length === 0 && seen.all.some(isBusy)) return seen;
    if (began < notBefore)
      return { ...seen, all: seen.all.map((one) => (open.includes(one) ? unconfirmed(one) : one)) };
    const fresh = await lookAgain();
    const now = clock();
    notBefore = now + REST * (now - began);
    for (const one of fresh.all.filter(isForGood)) believed.set(keyOf(one), now + BELIEVED_MS);
    return fresh;
  };
}

function isForGood({ decision, begun }: InCluster): boolean {
  return decision.do === 'straggle' || (decision.do === 'roll' && begun);
}

function keyOf({ name, decision }: InCluster): string {
  return decision.do === 'straggle' ? `${name} ${decision.reason}` : `${name} ${decision.do}`;
}

function unconfirmed(one: InCluster): InCluster {
  return { ...one, decision: { do: 'wait', why: 'it is looked at once more' } };
}
