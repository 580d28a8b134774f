import type { V1ObjectMeta } from '@kubernetes/client-node';
import type { WorkloadRef } from '../../ground/mesh.js';
import {
  claimKey,
  controllerOf,
  hasPodsThroughOthers,
  namedOwner,
  type Owner,
  type ReplicaSetClaim,
} from '../../kubernetes/owners.js';

/** Whose a pod is: what it says itself, and what its ReplicaSet says. */

/** Where the injector writes the CronJob behind a Job on a pod (linkerd2 pkg/k8s/labels.go). */
const CRON_JOB_LABEL = 'linkerd.io/proxy-cronjob';

interface Owned {
  namespace: string;
  name: string;
  workload: WorkloadRef;
}

/**
 * The controller that a pod names. One that has its pods through objects of its own owns none of them by itself. Of a
 * ReplicaSet it is looked up whose it is; of a Job its label says so. An owner of a kind or name that no object can have is
 * none: the pod stands for itself, so that no waiver of another workload covers it.
 */
export function workloadOf(metadata: V1ObjectMeta): WorkloadRef {
  const { namespace = '', name = '' } = metadata;
  const owner = controllerOf(metadata);
  if (!owner || hasPodsThroughOthers(owner)) return { namespace, kind: 'Pod', name };
  // the node owns the pods that its kubelet makes by itself
  if (owner.kind === 'Node') return { namespace, kind: 'StaticPod', name };
  return { namespace, ...(cronJobOf(owner, metadata.labels) ?? { ...namedOwner(owner), uid: owner.uid }) };
}

function refOf({ kind, name, uid }: Owner): Pick<WorkloadRef, 'kind' | 'name' | 'uid'> {
  return { kind, name, uid };
}

/**
 * The CronJob of a Job, as the injector has labelled the pod, where the names agree: its Jobs are named for it and their time
 * (kubernetes pkg/controller/cronjob/utils.go). A CronJob is not rolled for its pods, so no more has to be known.
 */
function cronJobOf(
  { kind, name }: Owner,
  labels: V1ObjectMeta['labels'] = {},
): Pick<WorkloadRef, 'kind' | 'name'> | undefined {
  const cronJob = labels[CRON_JOB_LABEL];
  if (kind !== 'Job' || !cronJob || !name.startsWith(`${cronJob}-`)) return undefined;
  return { kind: 'CronJob', name: cronJob };
}

/** A pod names its ReplicaSet; whose that is, a Deployment's or an Argo Rollout's, stands on the ReplicaSet. */
export function replicaSetOf({ namespace, workload: { kind, uid } }: Owned): ReplicaSetClaim[] {
  return kind === 'ReplicaSet' && uid !== undefined ? [{ namespace, uid }] : [];
}

/** A pod that names a ReplicaSet which does not exist is nobody's. */
export function withVerifiedOwner<T extends Owned>(pod: T, owners: ReadonlyMap<string, Owner>): T {
  const [claim] = replicaSetOf(pod);
  if (!claim) return pod;
  const { namespace, name } = pod;
  const owner = owners.get(claimKey(claim));
  return { ...pod, workload: owner ? { namespace, ...refOf(owner) } : { namespace, kind: 'Pod', name } };
}
