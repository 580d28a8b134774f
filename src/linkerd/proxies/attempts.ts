import { ProbeError } from './probe-error.js';

/** Proxies that are tried before a look is given up in which none answers: the way to all of them is wrong. */
export const TRIED_BEFORE_GIVING_UP = 200;
/** The same of one namespace: a NetworkPolicy there is in the way. */
export const TRIED_IN_NAMESPACE = 50;

export const NOT_TRIED = `not tried: none of the first ${TRIED_BEFORE_GIVING_UP} proxies could be reached`;
export const NOT_TRIED_IN_NAMESPACE = `not tried: none of the first ${TRIED_IN_NAMESPACE} proxies of its namespace could be reached`;
export const NO_TIME_LEFT = 'not tried: the look at all proxies took too long, because many of them do not answer';

/** How the attempts of one look went. */
export interface Attempts {
  /** Why a proxy of this namespace is not tried any more; undefined: it is. */
  hopeless(namespace: string): string | undefined;
  answered(namespace: string): void;
  failed(namespace: string, error: unknown): void;
}

/**
 * Counts attempts until the first proxy that answers, in all and by namespace.
 * @param lookMs milliseconds after which no more is tried
 */
export function countAttempts(lookMs: number): Attempts {
  const end = performance.now() + lookMs;
  const all = counter(TRIED_BEFORE_GIVING_UP);
  const namespaces = new Map<string, Counter>();
  const of = (namespace: string): Counter => {
    const known = namespaces.get(namespace) ?? counter(TRIED_IN_NAMESPACE);
    namespaces.set(namespace, known);
    return known;
  };
  return {
    hopeless: (namespace) => {
      if (performance.now() > end) return NO_TIME_LEFT;
      if (all.isHopeless()) return NOT_TRIED;
      return of(namespace).isHopeless() ? NOT_TRIED_IN_NAMESPACE : undefined;
    },
    answered: (namespace) => [all, of(namespace)].forEach((one) => one.answered()),
    failed: (namespace, error) => {
      if (isUnreached(error)) [all, of(namespace)].forEach((one) => one.failed());
    },
  };
}

interface Counter {
  isHopeless(): boolean;
  answered(): void;
  failed(): void;
}

function counter(most: number): Counter {
  let inVain = 0;
  let someAnswer = false;
  return {
    isHopeless: () => !someAnswer && inVain >= most,
    answered: () => void (someAnswer = true),
    failed: () => void (inVain += 1),
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
