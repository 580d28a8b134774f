import type { RolloutDecision, Straggling } from './rollout-waits.js';

/**
 * Where no dry run of a new pod is taken, the first workload of a namespace is the rehearsal: it is rolled alone, and the
 * others when a pod of it has come out right. Pure.
 */

/** One workload of a namespace, and what its new pods say of the injector. */
export interface InWave {
  name: string;
  decision: RolloutDecision;
  /** Whoever rolls it depends on the injector: its template has no proxy of its own. */
  needsInjector: boolean;
  /** It has been rolled, or a pod of it evicted, in this phase. */
  tried: boolean;
  /** Its new pods have come out otherwise than the phase wants, or have not come for too long. */
  wrong: boolean;
}

/**
 * Who may be rolled while nothing is proven yet; undefined: nobody of those that need the injector.
 * `failed`: the one that was, and has not come out right.
 */
export function firstOfWave(wave: readonly InWave[]): { only?: string | undefined; failed?: string } {
  const tried = wave.filter((one) => one.tried);
  const failed = tried.find(hasFailed);
  if (failed) return { failed: failed.name };
  if (tried.some(isUnderWay)) return {};
  const candidates = wave.filter(({ needsInjector }) => needsInjector);
  const asked = candidates.find((one) => one.tried); // a person has asked again
  const fresh = candidates.find(({ decision }) => !('refused' in decision));
  return { only: (asked ?? fresh ?? candidates[0])?.name };
}

function hasFailed({ decision, wrong }: InWave): boolean {
  return decision.do === 'straggle' || (decision.do === 'evict' && wrong);
}

/** Of one whose pods are evicted the next goes when the new one has come. */
function isUnderWay({ decision }: InWave): boolean {
  return decision.do === 'wait' || decision.do === 'evict';
}

/** What becomes of those that wait for a first one that has not come out right. */
export function notRolledFor(first: string): Straggling {
  return {
    do: 'straggle',
    reason: 'FirstNotProven',
    message: `not rolled: no dry run of a new pod is taken here, and ${first}, which was rolled first to try the injector, has not come out right`,
    hint: `look at the new pods of ${first} and at linkerd-proxy-injector, then \`retry\`, which rolls it once more`,
  };
}
