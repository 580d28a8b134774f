import { clusterNow } from '../../kubernetes/clock.js';
import type { Kubernetes } from '../../kubernetes/client.js';
import type { MeshedPod } from './pods.js';

/** A process as its pod's status tells it from the one before: by the second in which its container was started. */
export type ProcessOfPod = Pick<MeshedPod, 'uid' | 'startedAt'>;

/**
 * What processes have said that stays true for as long as they run: the environment of a process is what it was started with. It is
 * kept for all looks at one cluster, so that each process is asked once, and not by every gate.
 */
export interface ProcessMemory<T> {
  get(process: ProcessOfPod): T | undefined;
  /** Just said by the process. */
  set(process: ProcessOfPod, value: T): void;
  /** Drops what pods have said that are not among these: they are gone. */
  keep(pods: readonly Pick<MeshedPod, 'uid'>[]): void;
}

/** Processes that are remembered; where there are more, the first go. A proxy whose anchors its pod carries is not asked at all. */
const MOST_PROCESSES = 20_000;
/**
 * Milliseconds that a process has to have run: times are whole seconds, and of the node's clock, so one that was started a moment
 * ago may already be the next one. Clocks of a mesh differ by less, or leaves would not hold (linkerd2 pkg/tls/ca.go, 20 s).
 */
const SETTLED_MS = 30_000;

export function processMemory<T>(k8s: Kubernetes): ProcessMemory<T> {
  const known = new Map<string, { startedAt: number; value: T }>();
  return {
    get: ({ uid, startedAt }) => {
      const entry = known.get(uid);
      return entry && entry.startedAt === startedAt?.getTime() ? entry.value : undefined;
    },
    set: ({ uid, startedAt }, value) => {
      known.delete(uid);
      if (!startedAt || clusterNow(k8s).getTime() - startedAt.getTime() < SETTLED_MS) return;
      for (const first of known.keys()) {
        if (known.size < MOST_PROCESSES) break;
        known.delete(first);
      }
      known.set(uid, { startedAt: startedAt.getTime(), value });
    },
    keep: (pods) => {
      if (known.size === 0) return;
      const alive = new Set(pods.map(({ uid }) => uid));
      for (const uid of known.keys()) if (!alive.has(uid)) known.delete(uid);
    },
  };
}

const anchors = new WeakMap<Kubernetes, ProcessMemory<string[]>>();

/** The anchors of processes that had to be asked, as fingerprints. */
export function anchorsMemory(k8s: Kubernetes): ProcessMemory<string[]> {
  const known = anchors.get(k8s) ?? processMemory(k8s);
  anchors.set(k8s, known);
  return known;
}
