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
  /** Pods that stay, and are not proven yet. */
  left: number;
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
  return named.length > 0 ? byName(named) : bySize(state);
}

/** All that are named go first, and each has to come out right. */
function byName(named: readonly CanaryCandidate[]): CanaryVerdict {
  const failed = named.find(hasFailed);
  if (failed) return { failed: failed.name };
  const isOver = named.every((one) => one.decision.do === 'nothing' || isProven(one)) && named.some(isProven);
  return isOver ? EVERYBODY : { only: namesOf(named) };
}

function bySize(state: readonly CanaryCandidate[]): CanaryVerdict {
  const begun = state.filter((one) => one.begun);
  if (begun.some(isProven)) return EVERYBODY;
  const failed = begun.find(hasFailed);
  if (failed) return { failed: failed.name };
  const underWay = begun.filter(({ decision }) => decision.do !== 'nothing');
  if (underWay.length > 0) return { only: namesOf(underWay) };
  const chosen = smallest(state);
  return chosen ? { only: namesOf([chosen]) } : EVERYBODY;
}

function namesOf(some: readonly CanaryCandidate[]): Set<string> {
  return new Set(some.map(({ name }) => name));
}

function hasFailed({ decision }: CanaryCandidate): boolean {
  return decision.do === 'straggle';
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

/** Its old pods may still be leaving. */
function isProven({ begun, decision, proxies, left, sound }: CanaryCandidate): boolean {
  if (!begun || proxies === 0) return false;
  return decision.do === 'nothing' || (decision.do === 'wait' && left === 0 && sound);
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

/** Canaries of a wave have the cluster to themselves for so long, at the most: beside the others each would take several times as long. */
const HEAD_START_MS = 30_000;

/** Tells whether the canaries that are not proven yet, so many of them, go before all others. */
export function headStart(clock: () => number = Date.now): (canaries: number) => boolean {
  let since: number | undefined;
  return (canaries) => {
    if (canaries === 0) {
      since = undefined;
      return false;
    }
    since ??= clock();
    return clock() - since < HEAD_START_MS;
  };
}
