import { activityInfo, Context } from '@temporalio/activity';
import { WorkflowNotFoundError } from '@temporalio/client';
import type { LeaseHolder } from '../../src/records/lease.js';
import { type Execution, holderState, type HolderState } from '../../src/rotation/lease-holder.js';

/** This workflow, as the Lease names it. */
export async function ownHolder(temporalAddress: string, firstRunId: string): Promise<LeaseHolder> {
  const { workflowExecution, workflowNamespace: namespace = '' } = activityInfo();
  const { namespaceInfo } = await Context.current().client.workflowService.describeNamespace({ namespace });
  return {
    workflowId: workflowExecution?.workflowId ?? '',
    runId: firstRunId,
    temporalNamespace: namespace,
    temporalNamespaceId: namespaceInfo?.id ?? '',
    temporalAddress,
  };
}

/**
 * Asks the Temporal server of this worker about a holder. A Lease of reroot 0.1 or 0.2 does not say which namespace its
 * holder is in: then the answer counts if this server knows the holder.
 */
export async function askForHolder(
  { workflowId, runId, temporalNamespaceId }: LeaseHolder,
  mine: LeaseHolder,
): Promise<HolderState> {
  const sameNamespace = temporalNamespaceId !== '' && temporalNamespaceId === mine.temporalNamespaceId;
  const isElsewhere = temporalNamespaceId !== '' && !sameNamespace;
  if (workflowId === '' || runId === '' || isElsewhere) return 'unknown';
  const newest = await describe(workflowId);
  const firstIsKnown = !sameNamespace && (await describe(workflowId, runId)) !== undefined;
  return holderState(runId, { sameNamespace, firstIsKnown, ...(newest ? { newest } : {}) });
}

/** @returns undefined when the server does not know it */
async function describe(workflowId: string, runId?: string): Promise<Execution | undefined> {
  try {
    const { status, raw } = await Context.current().client.workflow.getHandle(workflowId, runId).describe();
    const firstRunId = raw.workflowExecutionInfo?.firstRunId;
    return { status: status.name, ...(firstRunId ? { firstRunId } : {}) };
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return undefined;
    throw error;
  }
}
