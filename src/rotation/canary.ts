import type { RolloutDecision, Straggling } from './rollout-waits.js';

/** One workload of a namespace is rolled first, and the others when all its pods have come out right. Pure. */

/** `rollout.canary`: of each namespace, of none, or of those that are named: a namespace, or `namespace/Kind/name`. */
export type CanarySetting = 'eachNamespace' | 'none' | readonly string[];

/** A workload of the namespace, as the canary sees it. */
export interface CanaryCandidate {
  name: string;
  decision: RolloutDecision;
  /** It has been rolled, or a pod of it evicted, in this phase. */
  begun: boolean;
  /** Its own annotation asks for it. */
  asked: boolean;
  /** All its pods are up: what is broken already proves nothing. */
  sound: boolean;
  proxies: number;
}

export interface CanaryVerdict {
  /** Who may be rolled now; absent: everybody. */
  only?: ReadonlySet<string>;
  /** The canary that has not come out right: nobody else is rolled. */
  failed?: string;
}

const EVERYBODY: CanaryVerdict = {};

export function heedCanary(
  namespace: string,
  state: readonly CanaryCandidate[],
  setting: CanarySetting = 'none',
): CanaryVerdict {
  const named = namedIn(namespace, state, setting);
  if (named === undefined) return EVERYBODY;
  const canaries = named.length > 0 ? named : state;
  const begun = canaries.filter((one) => one.begun);
  const failed = (named.length > 0 ? named : begun).find(({ decision }) => decision.do === 'straggle');
  const proven = begun.filter(isProven);
  if (named.length > 0 ? canaries.every(isSettled) && proven.length > 0 : proven.length > 0) return EVERYBODY;
  if (failed) return { failed: failed.name };
  if (named.length > 0) return { only: new Set(named.map(({ name }) => name)) };
  const underWay = begun.filter(({ decision }) => decision.do !== 'nothing');
  if (underWay.length > 0) return { only: new Set(underWay.map(({ name }) => name)) };
  const chosen = smallest(state);
  return chosen ? { only: new Set([chosen.name]) } : EVERYBODY;
}

/** Those that people have named; empty: any will do; undefined: this namespace has no canary. */
function namedIn(
  namespace: string,
  state: readonly CanaryCandidate[],
  setting: CanarySetting,
): CanaryCandidate[] | undefined {
  if (setting === 'none') return undefined;
  const annotated = state.filter(({ asked }) => asked);
  if (setting === 'eachNamespace') return annotated;
  const listed = state.filter(({ name }) => setting.includes(name));
  if (listed.length > 0) return listed;
  return setting.includes(namespace) ? annotated : undefined;
}

function isProven({ decision, proxies }: CanaryCandidate): boolean {
  return decision.do === 'nothing' && proxies > 0;
}

/** Nothing is to be done for it, be it that nothing ever was. */
function isSettled({ decision }: CanaryCandidate): boolean {
  return decision.do === 'nothing';
}

/** The fewest pods are at stake. */
function smallest(state: readonly CanaryCandidate[]): CanaryCandidate | undefined {
  const next = state.filter(({ decision }) => decision.do === 'roll' && !('refused' in decision));
  const sound = next.filter((one) => one.sound);
  return (sound.length > 0 ? sound : next).toSorted((a, b) => a.proxies - b.proxies)[0];
}

/** What becomes of those that wait for a canary that has not come out right. */
export function heldBehind(canary: string): Straggling {
  return {
    do: 'straggle',
    reason: 'CanaryFailed',
    message: `not rolled: ${canary} was rolled first in this namespace, as its canary, and has not come out right`,
    hint: `repair ${canary}, then \`retry\`, which rolls it once more; or \`waive\` it, and another workload is the canary`,
  };
}
