import { type WorkloadRef, workloadName } from '../ground/mesh.js';
import type { RotationSettings } from './input.js';

/** What a prediction is made of; measured in the mesh that it is for. */
export interface Pace {
  /** Milliseconds from a pod's creation to its readiness: the median of those that live. */
  podStartMs: number;
  /** Milliseconds that leaves are valid. */
  leafLifeMs: number;
  controlPlaneWorkloads: number;
  /** Pods of the largest workload in each namespace are rolled in turns; the sum over a namespace's workloads. */
  turns: { namespace: string; turns: number }[];
}

/** How long one rollout of everything lasts: the control plane in its order, then the namespaces in their lanes. */
export function predictRollout(
  pace: Pace,
  rollout: Pick<RotationSettings['rollout'], 'namespaces' | 'workloads'>,
): number {
  const controlPlane = Math.min(3, pace.controlPlaneWorkloads) * pace.podStartMs;
  const lanes = Array.from({ length: rollout.namespaces }, () => 0);
  for (const { turns } of pace.turns) {
    const shortest = lanes.indexOf(Math.min(...lanes));
    lanes[shortest] = (lanes[shortest] ?? 0) + Math.max(1, turns / rollout.workloads) * pace.podStartMs;
  }
  return controlPlane + Math.max(...lanes);
}

/** Where no pod tells how long it took to get ready. */
const UNKNOWN_START_MS = 30_000;
/** Kubernetes' default for Deployments: a quarter of the pods at a time (maxSurge). */
const TURNS_OF_A_ROLLOUT = 4;

/** What is counted of a pod for plan and pace. */
export interface CountedPod {
  namespace: string;
  workload: WorkloadRef;
  /** Milliseconds from its creation to its readiness. */
  startMs?: number;
}

export function paceOf(linkerd: { namespace: string; leafLifeMs: number }, pods: readonly CountedPod[]): Pace {
  const starts = pods.flatMap(({ startMs }) => (startMs === undefined ? [] : [startMs])).toSorted((a, b) => a - b);
  const sizes = new Map<string, Map<string, number>>();
  for (const { namespace, workload } of pods) {
    const ofNamespace = sizes.get(namespace) ?? new Map<string, number>();
    const name = workloadName(workload);
    sizes.set(namespace, ofNamespace.set(name, (ofNamespace.get(name) ?? 0) + 1));
  }
  const turns = [...sizes].map(([namespace, workloads]) => ({
    namespace,
    turns: [...workloads.values()].reduce((sum, size) => sum + Math.min(size, TURNS_OF_A_ROLLOUT), 0),
  }));
  return {
    podStartMs: starts[Math.floor(starts.length / 2)] ?? UNKNOWN_START_MS,
    leafLifeMs: linkerd.leafLifeMs,
    controlPlaneWorkloads: sizes.get(linkerd.namespace)?.size ?? 0,
    turns: turns.filter(({ namespace }) => namespace !== linkerd.namespace),
  };
}
