import { activityInfo, ApplicationFailure, Context } from '@temporalio/activity';
import { WorkflowNotFoundError } from '@temporalio/client';
import { isKubernetesError } from '../src/kubernetes/errors.js';
import { detectLinkerd } from '../src/linkerd/detect.js';
import {
  createLease,
  deleteLease,
  holderOf,
  type LeaseHolder,
  readLease,
  takeOverLease,
} from '../src/records/lease.js';
import { LEASE } from '../src/records/names.js';
import type { LeaseInput } from '../src/rotation/payloads.js';
import type { Dependencies } from './kit/dependencies.js';

/**
 * Takes the one Lease of the cluster: a second rotation is refused by name, one that no longer runs is taken over.
 * @throws ApplicationFailure `RotationAlreadyRunning` with the holder
 */
export async function acquireLease({ k8s, temporalAddress }: Dependencies, input: LeaseInput): Promise<void> {
  const { namespace } = await detectLinkerd(k8s, input.linkerdNamespace);
  const mine = ownHolder(temporalAddress, input.firstRunId);
  if (await createLease(k8s, namespace, mine)) return;
  const found = await readLease(k8s, namespace);
  const holder = holderOf(found);
  if (holder.runId === input.firstRunId) return;
  if (await isRunning(holder, mine)) throw alreadyRunning(holder, namespace);
  await takeOverLease(k8s, namespace, found, mine);
}

/** Gives the Lease back if it is still this rotation's. */
export async function releaseLease({ k8s }: Dependencies, input: LeaseInput): Promise<void> {
  const { namespace } = await detectLinkerd(k8s, input.linkerdNamespace);
  try {
    const found = await readLease(k8s, namespace);
    if (holderOf(found).runId === input.firstRunId) await deleteLease(k8s, namespace, found);
  } catch (error) {
    if (!isKubernetesError(error, 'NotFound')) throw error;
  }
}

function ownHolder(temporalAddress: string, firstRunId: string): LeaseHolder {
  const { workflowExecution, workflowNamespace } = activityInfo();
  return {
    workflowId: workflowExecution?.workflowId ?? '',
    runId: firstRunId,
    temporalNamespace: workflowNamespace ?? '',
    temporalAddress,
  };
}

/** A holder on another Temporal server cannot be asked; it counts as running. */
async function isRunning(holder: LeaseHolder, mine: LeaseHolder): Promise<boolean> {
  const { workflowId, runId, temporalNamespace, temporalAddress } = holder;
  if (workflowId === '') return true;
  if (temporalAddress !== mine.temporalAddress || temporalNamespace !== mine.temporalNamespace) return true;
  const { workflow } = Context.current().client;
  try {
    const execution = await workflow.getHandle(workflowId, undefined, { firstExecutionRunId: runId }).describe();
    const first = execution.raw.workflowExecutionInfo?.firstRunId;
    return execution.status.name === 'RUNNING' && (!first || first === runId);
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return false;
    throw error;
  }
}

function alreadyRunning(holder: LeaseHolder, namespace: string): ApplicationFailure {
  return ApplicationFailure.nonRetryable(
    `another rotation of this cluster is running: workflow ${holder.workflowId} (run ${holder.runId}) in Temporal namespace ` +
      `${holder.temporalNamespace} at ${holder.temporalAddress}. Follow it with \`reroot status\`, or, if that server is gone ` +
      `for good, delete Lease ${namespace}/${LEASE}.`,
    'RotationAlreadyRunning',
    holder,
  );
}
