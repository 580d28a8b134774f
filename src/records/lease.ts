import type { V1Lease, V1LeaseSpec } from '@kubernetes/client-node';
import { plain } from '../ground/plain.js';
import type { Kubernetes } from '../kubernetes/client.js';
import { ifThere } from '../kubernetes/errors.js';
import { FIELD_MANAGER } from '../kubernetes/own-names.js';
import { isLostRace } from '../kubernetes/patch.js';
import { LEASE, RUN_ANNOTATION } from './names.js';
import { created, ownMetadata } from './own-object.js';

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

/**
 * Takes the Lease when nobody holds it; one that is not there is created.
 * @returns false when somebody holds it, or has just taken it
 * @throws RecordError `ObjectAbsent`
 */
export async function takeFreeLease(k8s: Kubernetes, namespace: string, holder: LeaseHolder): Promise<boolean> {
  const found = await find(k8s, namespace);
  if (found && isHeld(found)) return false;
  try {
    await (found ? takeOverLease(k8s, namespace, found, holder) : create(k8s, namespace, holder));
    return true;
  } catch (error) {
    if (isLostRace(error)) return false;
    throw error;
  }
}

async function create({ coordination }: Kubernetes, namespace: string, holder: LeaseHolder): Promise<V1Lease> {
  const request = { namespace, body: leaseOf(holder), fieldManager: FIELD_MANAGER };
  return await created({ kind: 'Lease', name: LEASE, namespace }, coordination.createNamespacedLease(request));
}

/** @returns undefined when nobody holds it */
export async function readLease(k8s: Kubernetes, namespace: string): Promise<V1Lease | undefined> {
  const found = await find(k8s, namespace);
  return found && isHeld(found) ? found : undefined;
}

async function find({ coordination }: Kubernetes, namespace: string): Promise<V1Lease | undefined> {
  return await ifThere(coordination.readNamespacedLease({ name: LEASE, namespace }));
}

function isHeld({ metadata, spec }: V1Lease): boolean {
  return Boolean(spec?.holderIdentity ?? metadata?.annotations?.[RUN_ANNOTATION]);
}

/** Gives a Lease to another holder, on the condition that it is still the one that was read. */
export async function takeOverLease(
  k8s: Kubernetes,
  namespace: string,
  found: V1Lease,
  holder: LeaseHolder,
): Promise<void> {
  const { metadata, spec } = leaseOf(holder);
  await replace(k8s, namespace, found, { annotations: metadata?.annotations ?? {}, spec: spec ?? {} });
}

/** Leaves a Lease without a holder, on the condition that it is still the one that was read; one that is gone is fine. */
export async function freeLease(k8s: Kubernetes, namespace: string, found: V1Lease): Promise<void> {
  await ifThere(replace(k8s, namespace, found, { annotations: {}, spec: {} }));
}

/** Its labels and what annotations others have given it stay. */
async function replace(
  { coordination }: Kubernetes,
  namespace: string,
  { metadata }: V1Lease,
  { annotations, spec }: { annotations: Record<string, string>; spec: V1LeaseSpec },
): Promise<void> {
  const own = Object.values(ANNOTATIONS);
  const others = Object.entries(metadata?.annotations ?? {}).filter(([name]) => !own.includes(name));
  const kept = { ...metadata, annotations: { ...Object.fromEntries(others), ...annotations } };
  delete kept.managedFields; // the API server counts them itself
  const body = { metadata: kept, spec };
  await coordination.replaceNamespacedLease({ name: LEASE, namespace, fieldManager: FIELD_MANAGER, body });
}
