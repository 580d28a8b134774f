import { ApplicationFailure } from '@temporalio/activity';
import { readClusterApproval } from '../../src/records/approval.js';
import { unapproved } from '../../src/rotation/approved.js';
import type { RotationSettings } from '../../src/rotation/input.js';
import type { GuardedInput } from '../../src/rotation/payloads.js';
import type { Dependencies } from './dependencies.js';
import { hashOf, planNow } from './hashed-plan.js';
import type { StoredRotation } from './stored-rotation.js';

/**
 * Before the point of no return: what is about to be done is what somebody has approved, as the input or this worker wants
 * it. A caller that carries no approval, or one of another plan, gets nothing done.
 * @throws ApplicationFailure `ApprovalMissing`, `ApprovalOutdated`
 */
export async function refuseUnapproved(
  dependencies: Pick<Dependencies, 'k8s' | 'approvals'>,
  input: GuardedInput,
  rotation: StoredRotation,
): Promise<void> {
  const where = approvedWhere(dependencies, input.settings);
  if (where === 'nowhere' || rotation.isBack) return;
  const { approved } = input;
  const problem = unapproved({
    where,
    approved,
    hash: approved && hashOf(approved),
    now: await planNow(dependencies, input, rotation),
    inCluster:
      where === 'inCluster'
        ? (await readClusterApproval(dependencies.k8s, rotation.linkerd.namespace))?.hash
        : undefined,
  });
  if (problem) throw ApplicationFailure.nonRetryable(problem.message, problem.reason);
}

/** A worker that wants approvals in the cluster takes no other, whatever the input says. */
function approvedWhere(
  { approvals: wanted }: Pick<Dependencies, 'approvals'>,
  { approvals }: Pick<RotationSettings, 'approvals'>,
): 'workflow' | 'inCluster' | 'nowhere' {
  if (wanted === 'inCluster' || approvals === 'inCluster') return 'inCluster';
  return approvals === 'none' ? 'nowhere' : 'workflow';
}
