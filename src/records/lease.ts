import type { V1Lease } from '@kubernetes/client-node';
import { plain } from '../ground/plain.js';
import { present } from '../ground/present.js';
import type { Kubernetes } from '../kubernetes/client.js';
import { isKubernetesError } from '../kubernetes/errors.js';
import { FIELD_MANAGER } from '../kubernetes/own-names.js';
import { LEASE, RUN_ANNOTATION } from './names.js';
import { ownMetadata } from './own-object.js';

/** Who holds the Lease: enough to find that execution, wherever it runs. */
export interface LeaseHolder {
  workflowId: string;
  /** Of the first run: a rotation keeps its Lease when it continues as new. */
  runId: string;
  temporalNamespace: string;
  /** UUID of that namespace: the same wherever its server is reached. Empty in a Lease of reroot 0.1 or 0.2. */
  temporalNamespaceId: string;
  /** For people: two servers may be reached at the same address, and one at several. */
  temporalAddress: string;
}

/** Annotations that name the holder. */
const ANNOTATIONS: Record<keyof LeaseHolder, string> = {
  workflowId: 'reroot.dev/workflow-id',
  runId: RUN_ANNOTATION,
  temporalNamespace: 'reroot.dev/temporal-namespace',
  temporalNamespaceId: 'reroot.dev/temporal-namespace-id',
  temporalAddress: 'reroot.dev/temporal-address',
};

/** The Lease that a rotation holds. */
export function leaseOf(holder: LeaseHolder): V1Lease {
  const fields = Object.keys(ANNOTATIONS) as (keyof LeaseHolder)[];
  return {
    metadata: {
      ...ownMetadata(LEASE),
      annotations: Object.fromEntries(fields.map((field) => [ANNOTATIONS[field], holder[field]])),
    },
    spec: { holderIdentity: `${holder.workflowId}/${holder.runId}` },
  };
}

/** Who holds a Lease; a field that it does not say is empty. */
export function holderOf({ metadata }: V1Lease): LeaseHolder {
  const said = (field: keyof LeaseHolder) => metadata?.annotations?.[ANNOTATIONS[field]] ?? '';
  return {
    workflowId: said('workflowId'),
    runId: said('runId'),
    temporalNamespace: said('temporalNamespace'),
    temporalNamespaceId: said('temporalNamespaceId'),
    temporalAddress: said('temporalAddress'),
  };
}

/** The same for people: whoever may write the Lease may have written anything. What is asked for goes by `holderOf`. */
export function shownHolder(holder: LeaseHolder): LeaseHolder {
  const { workflowId, runId, temporalNamespace, temporalNamespaceId, temporalAddress } = holder;
  return {
    workflowId: plain(workflowId),
    runId: plain(runId),
    temporalNamespace: plain(temporalNamespace),
    temporalNamespaceId: plain(temporalNamespaceId),
    temporalAddress: plain(temporalAddress),
  };
}

/** @returns false when there is one already */
export async function createLease(k8s: Kubernetes, namespace: string, holder: LeaseHolder): Promise<boolean> {
  try {
    const body = leaseOf(holder);
    await k8s.coordination.createNamespacedLease({ namespace, body, fieldManager: FIELD_MANAGER });
    return true;
  } catch (error) {
    if (isKubernetesError(error, 'AlreadyExists')) return false;
    throw error;
  }
}

/** @returns undefined when nobody holds it */
export async function readLease(k8s: Kubernetes, namespace: string): Promise<V1Lease | undefined> {
  try {
    return await k8s.coordination.readNamespacedLease({ name: LEASE, namespace });
  } catch (error) {
    if (isKubernetesError(error, 'NotFound')) return undefined;
    throw error;
  }
}

/** Gives a Lease to another holder, on the condition that it is still the one that was read. */
export async function takeOverLease(
  k8s: Kubernetes,
  namespace: string,
  found: V1Lease,
  holder: LeaseHolder,
): Promise<void> {
  const lease = leaseOf(holder);
  const body = { ...lease, metadata: { ...lease.metadata, resourceVersion: found.metadata?.resourceVersion ?? '' } };
  await k8s.coordination.replaceNamespacedLease({ name: LEASE, namespace, body, fieldManager: FIELD_MANAGER });
}

/** Deletes a Lease, on the condition that it is still the one that was read. */
export async function deleteLease(k8s: Kubernetes, namespace: string, found: V1Lease): Promise<void> {
  const preconditions = present({ resourceVersion: found.metadata?.resourceVersion });
  await k8s.coordination.deleteNamespacedLease({ name: LEASE, namespace, body: { preconditions } });
}
