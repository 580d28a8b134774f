import { ApplicationFailure } from '@temporalio/activity';
import { holderOf, type LeaseHolder, readLease, shownHolder, takeFreeLease } from '../../src/records/lease.js';
import { LEASE } from '../../src/records/names.js';
import type { StepInput } from '../../src/rotation/payloads.js';
import type { Dependencies } from './dependencies.js';
import { ownHolder } from './lease-holder.js';

/**
 * Before anything is written: the Lease is this rotation's. One that nobody holds (freed by hand, or given back by a run that
 * was then reset) is taken again; one that another rotation holds means that this one writes nothing more.
 * @throws ApplicationFailure `LeaseLost` with the holder
 */
export async function fence(
  { k8s, temporalAddress }: Pick<Dependencies, 'k8s' | 'temporalAddress'>,
  { linkerdNamespace: namespace, firstRunId }: Pick<StepInput, 'linkerdNamespace' | 'firstRunId'>,
): Promise<void> {
  if (firstRunId === undefined) return; // a step of an earlier version, or of a test
  for (;;) {
    const found = await readLease(k8s, namespace);
    const holder = found && holderOf(found);
    if (holder?.runId === firstRunId) return;
    if (holder) throw leaseLost(holder, namespace);
    if (await takeFreeLease(k8s, namespace, await ownHolder(temporalAddress, firstRunId))) return;
  }
}

function leaseLost(holder: LeaseHolder, namespace: string): ApplicationFailure {
  return ApplicationFailure.nonRetryable(
    `another rotation has taken this cluster over: ${describeHolder(holder)} holds Lease ${namespace}/${LEASE}. ` +
      'This one writes nothing more. Follow the other one: it goes on from what this one left',
    'LeaseLost',
    shownHolder(holder),
  );
}

/** Enough to find it. */
export function describeHolder(holder: LeaseHolder): string {
  const { workflowId, runId, temporalNamespace, temporalAddress } = shownHolder(holder);
  return `workflow ${workflowId} (run ${runId}) in Temporal namespace ${temporalNamespace} at ${temporalAddress}`;
}
