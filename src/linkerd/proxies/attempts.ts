import { ProbeError } from './probe-error.js';

/** Proxies that are tried before a look is given up in which none answers: the way to all of them is wrong. */
export const TRIED_BEFORE_GIVING_UP = 200;

export const NOT_TRIED = `not tried: none of the first ${TRIED_BEFORE_GIVING_UP} proxies could be reached`;

/** How the attempts of one look went. */
export interface Attempts {
  isHopeless(): boolean;
  answered(): void;
  failed(error: unknown): void;
}

/** Counts attempts until the first proxy that answers. */
export function countAttempts(): Attempts {
  let inVain = 0;
  let someAnswer = false;
  return {
    isHopeless: () => !someAnswer && inVain >= TRIED_BEFORE_GIVING_UP,
    answered: () => void (someAnswer = true),
    failed: (error) => {
      if (isUnreached(error)) inVain += 1;
    },
  };
}

/** No connection, or no answer in time; whatever else goes wrong, somebody answered. */
function isUnreached(error: unknown): boolean {
  if (error instanceof ProbeError) return error.reason === 'Unreachable' || error.reason === 'Timeout';
  return error instanceof Error && error.name === 'TimeoutError';
}

/**
 * The same in any order: those that nobody can reach often stand together, and must not be all that a look tries.
 * (Fisher and Yates.)
 */
export function shuffled<T>(items: readonly T[]): T[] {
  const mixed = [...items];
  for (let last = mixed.length - 1; last > 0; last -= 1) {
    const other = Math.floor(Math.random() * (last + 1));
    [mixed[last], mixed[other]] = [mixed[other] as T, mixed[last] as T];
  }
  return mixed;
}
