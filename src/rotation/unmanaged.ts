import type { OwnerRef, WorkloadSnapshot } from '../ground/workload.js';
import { evictNext, heedRefusal, type Refusal } from './evictions.js';
import { ownerName, ownMeans } from './own-means.js';
import { elapsedMs, leave, type RolloutDecision, unanswered, type Waited } from './rollout-waits.js';

/** Pods whose controller reroot does not roll: why, what can be done, and how long they are waited for. Pure. */

interface Unmanaged {
  reason: string;
  message: string;
  hint: string;
}

/** Pods of one owner that is not rolled, and what is known of evicting them. */
export interface UnmanagedPods extends Waited {
  owner: OwnerRef;
  /** Each is by itself: whoever they name as their owner is not known to have them. */
  alone: boolean;
  /** The input allows evictions. */
  deletePods: boolean;
  /** How many have been evicted, since somebody has asked last, and how many proxies there were before the first. */
  evictions: number;
  before: number;
  /** Those that are not being deleted, and that of them which are not ready. */
  staying: number;
  unready: number;
  /** One of those that fall short is the only one that is not ready: nobody is worse off when it goes. */
  unreadyFallsShort: boolean;
  refused?: Refusal | undefined;
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
export function decideUnmanaged(pods: UnmanagedPods): RolloutDecision {
  const { owner, alone, deletePods, outdated, starting, leaving, firstSeen, stuckAfterMs, now } = pods;
  if (outdated + starting + leaving === 0) return missing(pods) ?? { do: 'nothing' };
  if (outdated + starting === 0) return leave(pods, 'its last old pods are leaving');
  if (outdated === 0) return unanswered(pods);
  if (isRolled(owner) && elapsedMs(firstSeen, now) <= stuckAfterMs) {
    return { do: 'wait', why: `its ${owner.kind} is not there any more: its pods should go too` };
  }
  if (deletePods && !alone && isForeign(owner)) return heedRefusal(byEviction(pods), pods);
  const { reason, message, hint } = unmanaged(owner);
  return { do: 'straggle', reason, message: `${outdated + starting} of its pods fall short: ${message}`, hint };
}

/** One pod at a time, and only while all others are ready: its operator makes it anew. */
function byEviction(pods: UnmanagedPods): RolloutDecision {
  const { outdated, starting, leaving, staying, unready, unreadyFallsShort, evictions, before } = pods;
  if (leaving > 0) return leave(pods, 'an old pod is leaving');
  if (starting > 0) return unanswered(pods);
  const others = unready - (unreadyFallsShort ? 1 : 0);
  return (
    missing(pods) ??
    (others > 0 ? stuckOr(pods, 'RolloutStuck', `${others} of ${staying} pods are not ready`) : undefined) ??
    evictNext({ outdated, evictions, wanted: before })
  );
}

/** Pods that were evicted, and for which nobody has made others. */
function missing(pods: UnmanagedPods): RolloutDecision | undefined {
  const count = pods.before - pods.staying;
  if (count <= 0) return undefined;
  return stuckOr(pods, 'ProxyLost', `${count} of its pods were evicted, and have not come back with a proxy`);
}

function stuckOr({ owner, firstSeen, stuckAfterMs, now }: UnmanagedPods, reason: string, message: string) {
  if (elapsedMs(firstSeen, now) <= stuckAfterMs) return { do: 'wait' as const, why: message };
  const hint = `look at ${ownerName(owner)} and its operator; the rotation notices by itself. Or \`waive\` it`;
  return { do: 'straggle' as const, reason, message, hint };
}

/** Whether it is somebody else's kind, whose operator makes a pod anew. */
function isForeign(owner: OwnerRef): boolean {
  return !isRolled(owner) && !['Job', 'CronJob', 'StaticPod', 'Pod'].includes(owner.kind);
}

/** OpenKruise has a StatefulSet and a DaemonSet too. */
function isRolled({ kind, group }: OwnerRef): boolean {
  return ROLLED_KINDS.includes(kind) && group === undefined;
}

/** What preflight says of a workload whose pods a rotation cannot replace by itself, or perhaps not. */
export function unrollableBecause(
  workload: WorkloadSnapshot | undefined,
  owner: OwnerRef,
  deletePods: boolean,
): Unmanaged | undefined {
  if (!workload && deletePods && isForeign(owner)) return evictedOf(owner);
  if (!workload || workload.replacement === 'next run') return asked(unmanaged(owner));
  if (workload.unrollable) return asked(workload.unrollable);
  if (workload.replacement === 'eviction') return deletePods ? undefined : asked(needsEviction(workload));
  return workload.owner && restartedFor(workload.owner, deletePods);
}

/** The mesh is healthy, and nothing of it can be done before there is a new root: a warning. */
function asked({ reason, message, hint }: Unmanaged): Unmanaged {
  return { reason, message: `${message}. The rotation will wait for it in its rollout, and ask`, hint };
}

function needsEviction({ evictionBecause, owner }: WorkloadSnapshot): Unmanaged {
  const whose = owner ? ` (of ${ownerName(owner)})` : '';
  return {
    reason: 'NeedsEviction',
    message: `${evictionBecause}${whose}: its pods are replaced only when somebody deletes them`,
    hint: 'let reroot evict them, one at a time, with `rollout.deletePods`; or delete them when asked to',
  };
}

function evictedOf(owner: OwnerRef): Unmanaged {
  return {
    reason: 'CustomController',
    message: `its pods belong to ${ownerName(owner)}, which reroot cannot restart: the rotation will evict them, one at a time while all others are ready`,
    hint: 'see to it that its operator makes evicted pods anew; or leave `rollout.deletePods` out, and be asked',
  };
}

function restartedFor(owner: OwnerRef, deletePods: boolean): Unmanaged {
  const otherwise = deletePods ? 'evict its pods' : 'wait for it in its rollout, and ask';
  return {
    reason: 'CustomController',
    message: `it belongs to ${ownerName(owner)}, whose operator may put back what others change. The rotation will restart it by \`kubectl.kubernetes.io/restartedAt\`, which most leave alone, and ${otherwise} where that is put back too`,
    hint: deletePods ? 'nothing to do' : 'nothing to do; with `rollout.deletePods` its pods would be evicted then',
  };
}

/** Why reroot cannot replace pods of a controller that it does not roll, and what can. */
export function unmanaged(owner: OwnerRef): Unmanaged {
  const { kind } = owner;
  if (kind === 'Job' || kind === 'CronJob') {
    return {
      reason: 'JobRunning',
      message: 'a run that has begun is not touched',
      hint: 'let it end, or delete it (the rotation notices by itself); or `waive` it',
    };
  }
  if (kind === 'StaticPod') {
    return {
      reason: 'StaticPod',
      message: "it is a static pod, that only its node's kubelet replaces",
      hint: 'move its manifest out of the folder of the kubelet and back, or `waive` it',
    };
  }
  if (kind === 'Pod') {
    return {
      reason: 'BarePod',
      message: 'it has no controller that would make it anew',
      hint: 'delete and create it again (the rotation notices by itself), or `waive` it',
    };
  }
  return isRolled(owner) ? withoutController(kind) : ofOperator(owner);
}

function withoutController(kind: string): Unmanaged {
  return {
    reason: 'CustomController',
    message: `its ${kind} is gone, is another's, or its kind is not served here: reroot cannot roll it`,
    hint: 'restart it by its own means or delete its pods (the rotation notices by itself), or `waive` it',
  };
}

function ofOperator(owner: OwnerRef): Unmanaged {
  return {
    reason: 'CustomController',
    message: `its pods belong to ${ownerName(owner)}, and a ${owner.kind} is not rolled by reroot`,
    hint: `${ownMeans(owner)}, or delete its pods one by one (the rotation notices by itself); start with \`rollout.deletePods\` to have them evicted; or \`waive\` it`,
  };
}
