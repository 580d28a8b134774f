import { workloadName } from '../../src/ground/mesh.js';
import { present } from '../../src/ground/present.js';
import type { MeshedPod } from '../../src/linkerd/proxies/pods.js';
import { middleOf, type NewPod, type ThrottleLook } from '../../src/rotation/throttle.js';

/** What pods tell of the cluster while many are replaced: how quickly new ones get ready, and which have fallen. */
export interface PodNews extends Omit<ThrottleLook, 'now'> {
  /** Milliseconds that pods took which were there at the first look; absent: none of them tells. */
  usualMs?: number;
  /** Workloads with pods that were ready, and have not been for a while. */
  fallen: string[];
}

/** A probe that fails once is no reason to stop. */
const FALLEN_AFTER_MS = 30_000;

/** One that was seen, and whether it was ready; since when it is not. */
interface Seen {
  wasReady: boolean;
  unreadySince?: number;
}

export function podWatch(clock: () => number = Date.now) {
  let known = new Map<string, Seen>();
  let usualMs: number | undefined;
  let isFirst = true;
  return {
    look: (pods: readonly MeshedPod[]): PodNews => {
      const now = clock();
      const alive = pods.filter(({ terminating }) => !terminating);
      const current = new Map(alive.map((pod) => [pod.uid, seenNow(pod, known.get(pod.uid), now)]));
      const isNew = ({ uid }: MeshedPod) => !isFirst && !known.get(uid)?.wasReady;
      const young = alive.filter(isNew);
      if (isFirst) usualMs = usualOf(alive);
      known = current;
      isFirst = false;
      return {
        pods: young.flatMap(newPod),
        fallen: fallenOf(alive, current, now),
        ...present({ usualMs }),
      };
    },
  };
}

function seenNow({ ready }: MeshedPod, before: Seen | undefined, now: number): Seen {
  if (ready) return { wasReady: true };
  if (!before?.wasReady) return { wasReady: false };
  return { wasReady: true, unreadySince: before.unreadySince ?? now };
}

function newPod({ createdAt, ready, startMs }: MeshedPod): NewPod[] {
  if (createdAt === undefined || (ready && startMs === undefined)) return [];
  return [{ createdAt: Date.parse(createdAt), ...(ready ? present({ tookMs: startMs }) : {}) }];
}

function usualOf(pods: readonly MeshedPod[]): number | undefined {
  const starts = pods.flatMap(({ startMs }) => startMs ?? []);
  return starts.length > 0 ? middleOf(starts) : undefined;
}

function fallenOf(pods: readonly MeshedPod[], known: ReadonlyMap<string, Seen>, now: number): string[] {
  const fallen = pods.filter(({ uid }) => {
    const since = known.get(uid)?.unreadySince;
    return since !== undefined && now - since > FALLEN_AFTER_MS;
  });
  return [...new Set(fallen.map(({ workload }) => workloadName(workload)))];
}
