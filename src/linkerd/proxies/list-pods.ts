import type { Kubernetes } from '../../kubernetes/client.js';
import { listAll, listVersioned } from '../../kubernetes/list.js';
import type { Source } from '../../kubernetes/mirror.js';
import { claimKey, type Owner, ownersOfReplicaSets } from '../../kubernetes/owners.js';
import { present } from '../../ground/present.js';
import { CONTROL_PLANE_NS_LABEL, IDENTITY_DEPLOYMENT } from '../names.js';
import { replicaSetOf, withVerifiedOwner } from './pod-owner.js';
import { type MeshedPod, readMeshedPod } from './pods.js';

/** Meshed pods with whose they are: listed, or watched. */

/** Every pod with a live or starting proxy, of one namespace or of all; paged. */
export async function listMeshedPods(k8s: Kubernetes, controlPlane: string, namespace?: string): Promise<MeshedPod[]> {
  const labelSelector = `${CONTROL_PLANE_NS_LABEL}=${controlPlane}`;
  const pods = await listAll(
    (page, asJson) =>
      namespace === undefined
        ? k8s.core.listPodForAllNamespaces({ ...page, labelSelector }, asJson)
        : k8s.core.listNamespacedPod({ ...page, namespace, labelSelector }, asJson),
    readMeshedPod,
  );
  const owners = await ownersOfReplicaSets(k8s, pods.flatMap(replicaSetOf));
  return pods.map((pod) => verified(pod, owners, controlPlane));
}

/** The same of all namespaces, for a watch; whose they are is what they say themselves. */
export function meshedPodSource({ core }: Pick<Kubernetes, 'core'>, controlPlane: string): Source<MeshedPod> {
  const labelSelector = `${CONTROL_PLANE_NS_LABEL}=${controlPlane}`;
  return {
    path: '/api/v1/pods',
    labelSelector,
    list: async () =>
      await listVersioned(
        async (page, asJson) => await core.listPodForAllNamespaces({ ...page, labelSelector }, asJson),
        readMeshedPod,
      ),
    read: (object) => readMeshedPod(object),
  };
}

/** Watched pods with their owners; one whose ReplicaSet has not been seen yet has just been made, and is left out. */
export function verifiedPods(
  pods: readonly MeshedPod[],
  owners: ReadonlyMap<string, Owner>,
  controlPlane: string,
): MeshedPod[] {
  const isKnown = (pod: MeshedPod) => replicaSetOf(pod).every((claim) => owners.has(claimKey(claim)));
  return pods.filter(isKnown).map((pod) => verified(pod, owners, controlPlane));
}

function verified(pod: MeshedPod, owners: ReadonlyMap<string, Owner>, controlPlane: string): MeshedPod {
  return withVerifiedComponent(withVerifiedOwner(pod, owners), controlPlane);
}

/**
 * A component is one in the control plane's own namespace alone, and identity is what Deployment linkerd-identity runs: the
 * label is anybody's. What another pod says of an identity process says nothing either.
 */
function withVerifiedComponent(pod: MeshedPod, controlPlane: string): MeshedPod {
  const { component, identityAnchors, ...rest } = pod;
  const { kind, name } = pod.workload;
  const isIdentity = kind === 'Deployment' && name === IDENTITY_DEPLOYMENT;
  if (pod.namespace !== controlPlane || (component === 'identity' && !isIdentity)) return rest;
  return {
    ...rest,
    ...present({ component, identityAnchors: component === 'identity' ? identityAnchors : undefined }),
  };
}
