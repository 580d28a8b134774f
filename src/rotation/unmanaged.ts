import type { WorkloadSnapshot } from '../ground/workload.js';
import { elapsedMs, leave, type RolloutDecision, unanswered, type Waited } from './rollout-waits.js';

/** Pods whose controller reroot does not roll: why, what can be done, and how long they are waited for. Pure. */

interface Unmanaged {
  reason: string;
  message: string;
  hint: string;
  /** They go by themselves. */
  ends: boolean;
}

/** Kinds that are rolled where they are found (src/kubernetes/workload-kinds.ts); a CronJob is only rewritten. */
export const ROLLED_KINDS: readonly string[] = [
  'Deployment',
  'StatefulSet',
  'DaemonSet',
  'ReplicaSet',
  'ReplicationController',
  'Rollout',
];

/** What to do about pods whose controller was not among those that are rolled. */
export function decideUnmanaged(kind: string, waited: Waited): RolloutDecision {
  const { outdated, starting, leaving, firstSeen, stuckAfterMs, now } = waited;
  if (outdated + starting + leaving === 0) return { do: 'nothing' };
  if (outdated + starting === 0) return leave(waited, 'its last old pods are leaving');
  if (outdated === 0) return unanswered(waited);
  if (ROLLED_KINDS.includes(kind) && elapsedMs(firstSeen, now) <= stuckAfterMs) {
    return { do: 'wait', why: `its ${kind} is not there any more: its pods should go too` };
  }
  const { reason, message, hint } = unmanaged(kind);
  return { do: 'straggle', reason, message: `${outdated + starting} of its pods fall short: ${message}`, hint };
}

/** What preflight says of a workload whose pods a rotation could not replace. */
export function unrollableBecause(
  workload: WorkloadSnapshot | undefined,
  kind: string,
  deletePods: boolean,
): (Omit<Unmanaged, 'ends'> & Partial<Pick<Unmanaged, 'ends'>>) | undefined {
  if (!workload || workload.replacement === 'next run') return unmanaged(kind);
  if (workload.replacement !== 'eviction' || deletePods) return workload.unrollable;
  return {
    reason: 'NeedsEviction',
    message: `${workload.evictionBecause}: its pods are replaced only when somebody deletes them`,
    hint: 'let reroot evict them, one at a time, with `rollout.deletePods`; or `waive` it now and delete them when asked to',
  };
}

/** Why reroot cannot replace pods of a controller that it does not roll, and what can. */
export function unmanaged(kind: string): Unmanaged {
  if (kind === 'Job' || kind === 'CronJob') {
    return {
      reason: 'JobRunning',
      message: 'a run that has begun is not touched',
      hint: 'let it end, or delete it (the rotation notices by itself); or `waive` it',
      ends: true,
    };
  }
  if (kind === 'StaticPod') {
    return {
      reason: 'StaticPod',
      message: "it is a static pod, that only its node's kubelet replaces",
      hint: 'move its manifest out of the folder of the kubelet and back, or `waive` it',
      ends: false,
    };
  }
  if (kind === 'Pod') {
    return {
      reason: 'BarePod',
      message: 'it has no controller that would make it anew',
      hint: 'delete and create it again (the rotation notices by itself), or `waive` it',
      ends: false,
    };
  }
  const rolled = ROLLED_KINDS.includes(kind);
  return {
    reason: 'CustomController',
    message: rolled
      ? `its ${kind} belongs to another controller, is gone, or its kind is not served here: reroot cannot roll it`
      : `a ${kind} is not rolled by reroot`,
    hint: 'restart it by its own means or delete its pods (the rotation notices by itself), or `waive` it',
    ends: false,
  };
}
