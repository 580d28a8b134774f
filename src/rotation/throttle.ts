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

/** A new pod. Milliseconds. */
export interface NewPod {
  createdAt: number;
  /** From its creation to its readiness; absent: it is not ready. */
  tookMs?: number;
}

export interface ThrottleLook {
  /** Milliseconds: now. */
  now: number;
  /** Those that have got ready since the last look, and those that are not ready. */
  pods: readonly NewPod[];
}

export interface ThrottleLimits {
  most: number;
  /** Milliseconds that a pod of this mesh usually takes to get ready; absent: nobody knows. */
  usualMs?: number | undefined;
}

/** Slow is more than so many times what is usual; and no pod is slow before it has taken that long. */
const SLOW = 3;
const LEAST_SLOW_MS = 20_000;
const UNKNOWN_USUAL_MS = 20_000;
/** Pods that tell: fewer say nothing, and of more the newest do. */
const FEWEST = 5;
const SAMPLES = 40;
/** Between two steps, at the least. */
const STEP_MS = 10_000;
const LESS = 0.7;
const MORE = 1.25;
/** Of what is allowed: it never stops by itself. */
const LEAST_SHARE = 0.1;

/**
 * Begins with all that is allowed; takes less while pods take much longer than usual to get ready, and comes back bit by bit. Each
 * step is judged by the pods that were made after it.
 */
export function throttle({ most, usualMs = UNKNOWN_USUAL_MS }: ThrottleLimits): Throttle {
  const slowMs = Math.max(LEAST_SLOW_MS, SLOW * usualMs);
  const least = Math.max(1, Math.ceil(most * LEAST_SHARE));
  let ready: NewPod[] = [];
  let budget = most;
  let steppedAt = -Infinity;
  let median = 0;
  return {
    budget: ({ now, pods }) => {
      ready = [...ready, ...pods.filter(({ tookMs }) => tookMs !== undefined)].slice(-SAMPLES);
      const telling = [...ready, ...pods.filter(({ tookMs }) => tookMs === undefined)]
        .filter(({ createdAt }) => createdAt >= steppedAt)
        .flatMap(({ createdAt, tookMs = overdue(now - createdAt, slowMs) }) => tookMs ?? []);
      if (telling.length < FEWEST || now - steppedAt < STEP_MS) return budget;
      median = middleOf(telling.slice(-SAMPLES));
      const next = Math.min(most, Math.max(least, nextOf(budget, median > slowMs)));
      if (next !== budget) steppedAt = now;
      budget = next;
      return budget;
    },
    because: () =>
      budget < most
        ? `new pods take ${seconds(median)} to get ready, usually ${seconds(usualMs)}: ${budget} pods at a time instead of ${most}`
        : undefined,
  };
}

function nextOf(budget: number, isSlow: boolean): number {
  return isSlow ? Math.floor(budget * LESS) : Math.ceil(budget * MORE);
}

/** What is known of a pod that is not ready; undefined: it may be ready in time. */
function overdue(ageMs: number, slowMs: number): number | undefined {
  return ageMs > slowMs ? ageMs : undefined;
}

/** The median; 0 of nothing. */
export function middleOf(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}

function seconds(milliseconds: number): string {
  return `${Math.round(milliseconds / 1000)} s`;
}
