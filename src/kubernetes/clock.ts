import type { Kubernetes } from './client.js';

/**
 * The clock of the API server, as the `Date` of its answers tells it (RFC 9110 section 6.6.1: whole seconds, of the moment
 * when the answer was made). Certificates are made and judged by it: identity and the proxies run on that cluster's nodes,
 * and the clock of whoever runs reroot is nobody's there.
 */
export interface ClusterClock {
  /** An answer has just come. */
  noted(date: string | undefined): void;
  /** Undefined until an answer has said. */
  now(): Date | undefined;
}

/** After this long a newer answer counts, whatever it says: clocks are set. */
const TRUSTED_MS = 60_000;

/**
 * Each answer comes later than it says, by up to a second and its way. The one that says the latest time is nearest, and it
 * goes on by a clock that nobody sets.
 * @param elapsed milliseconds since whenever, monotonic
 */
export function clusterClock(elapsed: () => number = () => performance.now()): ClusterClock {
  let best: { offset: number; at: number } | undefined;
  return {
    noted: (date) => {
      const said = Date.parse(date ?? '');
      if (Number.isNaN(said)) return;
      const at = elapsed();
      const offset = said - at;
      if (!best || offset >= best.offset || at - best.at > TRUSTED_MS) best = { offset, at };
    },
    now: () => best && new Date(best.offset + elapsed()),
  };
}

type Clocked = Pick<Kubernetes, 'clock'>;

/** What time it is in the cluster; where no answer says so, here. */
export function clusterNow({ clock }: Clocked): Date {
  return clock?.now() ?? new Date();
}

/** Milliseconds that the clock here is ahead of the cluster's (negative: behind); undefined where no answer says so. */
export function clockSkew({ clock }: Clocked): number | undefined {
  const there = clock?.now();
  return there && Date.now() - there.getTime();
}

/** From when on a new certificate may be valid: on neither clock it is "not yet". */
export function issueTime(k8s: Clocked): Date {
  return new Date(Math.min(Date.now(), clusterNow(k8s).getTime()));
}
