import { activityInfo, ApplicationFailure, Context } from '@temporalio/activity';
import { WorkflowNotFoundError } from '@temporalio/client';
import type { V1Lease } from '@kubernetes/client-node';
import { isKubernetesError } from '../src/kubernetes/errors.js';
import { detectLinkerd } from '../src/linkerd/detect.js';
import { FIELD_MANAGER, MANAGED_BY_LABEL } from '../src/kubernetes/own-names.js';
import { LEASE } from '../src/records/names.js';
import type { LeaseInput } from '../src/rotation/payloads.js';
import type { Dependencies } from './kit/dependencies.js';

/** Who holds the Lease, as annotations on it: enough to find that execution, wherever it runs. */
const HOLDER = {
  address: 'reroot.dev/temporal-address',
  namespace: 'reroot.dev/temporal-namespace',
  workflowId: 'reroot.dev/workflow-id',
  /** Of the first run: a rotation keeps its Lease when it continues as new. */
  runId: 'reroot.dev/run-id',
} as const;

/**
 * Takes the one Lease of the cluster: a second rotation is refused by name, one that no longer runs is taken over.
 * @throws ApplicationFailure `RotationAlreadyRunning` with the holder
 */
export async function acquireLease({ k8s, temporalAddress }: Dependencies, input: LeaseInput): Promise<void> {
  const { namespace } = await detectLinkerd(k8s, input.linkerdNamespace);
  const mine = leaseBody(temporalAddress, input.firstRunId);
  try {
    await k8s.coordination.createNamespacedLease({ namespace, body: mine, fieldManager: FIELD_MANAGER });
    return;
  } catch (error) {
    if (!isKubernetesError(error, 'AlreadyExists')) throw error;
  }
  const found = await k8s.coordination.readNamespacedLease({ name: LEASE, namespace });
  if (holderOf(found, 'runId') === input.firstRunId) return;
  if (await isRunning(found, temporalAddress)) throw alreadyRunning(found, namespace);
  const body: V1Lease = {
    ...mine,
    metadata: { ...mine.metadata, resourceVersion: found.metadata?.resourceVersion ?? '' },
  };
  await k8s.coordination.replaceNamespacedLease({ name: LEASE, namespace, body, fieldManager: FIELD_MANAGER });
}

/** Gives the Lease back if it is still this rotation's. */
export async function releaseLease({ k8s }: Dependencies, input: LeaseInput): Promise<void> {
  const { namespace } = await detectLinkerd(k8s, input.linkerdNamespace);
  try {
    const found = await k8s.coordination.readNamespacedLease({ name: LEASE, namespace });
    if (holderOf(found, 'runId') !== input.firstRunId) return;
    const resourceVersion = found.metadata?.resourceVersion;
    const preconditions = resourceVersion ? { resourceVersion } : {};
    await k8s.coordination.deleteNamespacedLease({ name: LEASE, namespace, body: { preconditions } });
  } catch (error) {
    if (!isKubernetesError(error, 'NotFound')) throw error;
  }
}

function leaseBody(temporalAddress: string, firstRunId: string): V1Lease {
  const { workflowExecution, workflowNamespace } = activityInfo();
  const workflowId = workflowExecution?.workflowId ?? '';
  return {
    metadata: {
      name: LEASE,
      labels: { [MANAGED_BY_LABEL]: FIELD_MANAGER },
      annotations: {
        [HOLDER.address]: temporalAddress,
        [HOLDER.namespace]: workflowNamespace ?? '',
        [HOLDER.workflowId]: workflowId,
        [HOLDER.runId]: firstRunId,
      },
    },
    spec: { holderIdentity: `${workflowId}/${firstRunId}` },
  };
}

function holderOf(lease: V1Lease, field: keyof typeof HOLDER): string {
  return lease.metadata?.annotations?.[HOLDER[field]] ?? '';
}

/** A holder on another Temporal server cannot be asked; it counts as running. */
async function isRunning(lease: V1Lease, temporalAddress: string): Promise<boolean> {
  const here = activityInfo().workflowNamespace;
  if (holderOf(lease, 'workflowId') === '') return true;
  if (holderOf(lease, 'address') !== temporalAddress || holderOf(lease, 'namespace') !== here) return true;
  const handle = Context.current().client.workflow.getHandle(holderOf(lease, 'workflowId'), undefined, {
    firstExecutionRunId: holderOf(lease, 'runId'),
  });
  try {
    const execution = await handle.describe();
    const first = execution.raw.workflowExecutionInfo?.firstRunId;
    return execution.status.name === 'RUNNING' && (!first || first === holderOf(lease, 'runId'));
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return false;
    throw error;
  }
}

function alreadyRunning(lease: V1Lease, namespace: string): ApplicationFailure {
  const holder = {
    workflowId: holderOf(lease, 'workflowId'),
    runId: holderOf(lease, 'runId'),
    temporalNamespace: holderOf(lease, 'namespace'),
    temporalAddress: holderOf(lease, 'address'),
  };
  return ApplicationFailure.nonRetryable(
    `another rotation of this cluster is running: workflow ${holder.workflowId} (run ${holder.runId}) in Temporal namespace ` +
      `${holder.temporalNamespace} at ${holder.temporalAddress}. Follow it with \`reroot status\`, or, if that server is gone ` +
      `for good, delete Lease ${namespace}/${LEASE}.`,
    'RotationAlreadyRunning',
    holder,
  );
}
