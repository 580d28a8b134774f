import { elapsedMs, type RolloutDecision, type Straggling } from './rollout-waits.js';

/** What is decided about evictions, and about what the API server refuses. Pure. */

/** A roll or an eviction that the API server has refused. */
export interface Refusal {
  reason: 'RollRefused' | 'EvictionBlocked';
  /** In the words of the API server. */
  message: string;
  /** ISO 8601: when it was refused first. */
  since: string;
  /** It stays refused until somebody changes something: it is not tried again by itself. */
  final: boolean;
}

/** What was refused is tried again for as long as a rollout may take, unless it stays refused. */
export function heedRefusal(
  decision: RolloutDecision,
  { refused, stuckAfterMs, now }: { refused?: Refusal | undefined; stuckAfterMs: number; now: Date },
): RolloutDecision {
  if (!refused || (decision.do !== 'roll' && decision.do !== 'evict')) return decision;
  const tried = !refused.final && elapsedMs(refused.since, now) <= stuckAfterMs;
  return tried ? { ...decision, refused: refused.message } : refusedFor(refused);
}

function refusedFor({ reason, message }: Refusal): Straggling {
  return {
    do: 'straggle',
    reason,
    message,
    hint:
      reason === 'EvictionBlocked'
        ? 'loosen its PodDisruptionBudget (or leave it one, where it has two) or delete the pods (the rotation notices by itself), or `waive` it'
        : 'change the policy, webhook or permission that the message names, then `retry`; or `waive` it',
  };
}

/** Each pod once, and once more: some may be evicted while the injector lags. */
const EVICTIONS_PER_POD = 2;

/** Evicts the next one, until those that come in their place have fallen short too often: to go on could be for ever. */
export function evictNext({
  outdated,
  evictions,
  wanted = 0,
}: {
  outdated: number;
  evictions: number;
  wanted?: number | undefined;
}): RolloutDecision {
  if (evictions < EVICTIONS_PER_POD * Math.max(outdated, wanted)) return { do: 'evict' };
  return {
    do: 'straggle',
    reason: 'OutdatedAfterRollout',
    message: `${evictions} pods were evicted, and ${outdated} of its pods still fall short`,
    hint: 'look at the pods (were they injected by the current proxy-injector?), then `retry` to evict them once more',
  };
}
