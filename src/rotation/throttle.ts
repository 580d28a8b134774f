/**
 * Never faster than pods get ready. A proxy is ready when identity has signed its leaf, so this is also how fast identity
 * signs, with its client's limits and its TokenReviews, how fast images are pulled, and how fast nodes start containers. Pure.
 */

export interface Throttle {
  /** Pods that may be replaced at a time, after this look. */
  budget(look: ThrottleLook): number;
  /** Why that is less than was allowed; undefined: it is not. */
  because(): string | undefined;
}

export interface ThrottleLook {
  /** Milliseconds: now. */
  now: number;
  /** New pods that have got ready since the last look: how long each took. Milliseconds. */
  started: readonly number[];
  /** New pods that are not ready: since when. Milliseconds. */
  starting: readonly number[];
}

export interface ThrottleLimits {
  most: number;
  /** Milliseconds that a pod of this mesh usually takes to get ready; absent: nobody knows. */
  usualMs?: number | undefined;
}

/** Slow is more than so many times what is usual; and no pod is slow before it has taken that long. */
const SLOW = 2;
const LEAST_SLOW_MS = 15_000;
const UNKNOWN_USUAL_MS = 20_000;
/** Pods that tell. */
const SAMPLES = 20;
/** Between two steps: what was changed has to show first. */
const STEP_MS = 10_000;
const LESS = 0.5;
const MORE = 1.25;
/** Of what is allowed: it never stops by itself. */
const LEAST_SHARE = 0.05;

/** Begins with all that is allowed; halves that while pods take longer than usual to get ready, and comes back bit by bit. */
export function throttle({ most, usualMs = UNKNOWN_USUAL_MS }: ThrottleLimits): Throttle {
  const slowMs = Math.max(LEAST_SLOW_MS, SLOW * usualMs);
  const least = Math.max(1, Math.ceil(most * LEAST_SHARE));
  let recent: number[] = [];
  let budget = most;
  let steppedAt: number | undefined;
  let median = 0;
  return {
    budget: ({ now, started, starting }) => {
      recent = [...recent, ...started].slice(-SAMPLES);
      const overdue = starting.filter((ms) => ms > slowMs);
      const samples = [...recent, ...overdue].slice(-SAMPLES);
      steppedAt ??= now;
      if (samples.length === 0 || now - steppedAt < STEP_MS) return budget;
      steppedAt = now;
      median = middleOf(samples);
      const wanted = median > slowMs ? Math.floor(budget * LESS) : Math.ceil(budget * MORE);
      budget = Math.min(most, Math.max(least, wanted));
      return budget;
    },
    because: () =>
      budget < most
        ? `new pods take ${seconds(median)} to get ready, usually ${seconds(usualMs)}: ${budget} pods at a time instead of ${most}`
        : undefined,
  };
}

/** The median; 0 of nothing. */
export function middleOf(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}

function seconds(milliseconds: number): string {
  return `${Math.round(milliseconds / 1000)} s`;
}
