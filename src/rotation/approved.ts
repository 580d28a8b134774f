import { type Plan, planDifference } from './plan.js';

/** What a step finds of an approval, when it is about to write what cannot be taken back. */
export interface ApprovalFacts {
  /** Where people have to approve: to the workflow, or on an object in the cluster. */
  where: 'workflow' | 'inCluster';
  /** The plan that was approved, as the workflow says. */
  approved: Plan | undefined;
  /** What its hash has to be. */
  hash: string | undefined;
  /** The plan as the cluster is now. */
  now: Plan;
  /** What the object in the cluster says; read where people approve there. */
  inCluster?: string | undefined;
}

/** Why there is no approval for a write. */
export interface Unapproved {
  /** `ApprovalMissing`: nobody has approved this. `ApprovalOutdated`: what was approved is not what there is. */
  reason: 'ApprovalMissing' | 'ApprovalOutdated';
  message: string;
}

/** Whether what is about to be done is what somebody has approved; undefined: it is. */
export function unapproved({ where, approved, hash, now, inCluster }: ApprovalFacts): Unapproved | undefined {
  if (!approved) return missing('nobody has approved what this rotation is about to do');
  if (approved.hash !== hash) return missing('the approval names a hash that is not the one of its plan');
  if (where === 'inCluster' && inCluster !== hash) {
    const found = inCluster ? `it says ${inCluster}` : 'it says nothing';
    return missing(`nobody has approved plan ${hash} in the cluster (${APPROVAL}: ${found})`);
  }
  const differences = planDifference(approved, now);
  if (differences.length === 0) return undefined;
  return { reason: 'ApprovalOutdated', message: `what was approved is not what there is: ${differences.join('; ')}` };
}

/** What people annotate with the hash of a plan to approve it. */
export const APPROVAL = 'annotation reroot.dev/approved of ConfigMap reroot-approval';

function missing(message: string): Unapproved {
  return { reason: 'ApprovalMissing', message };
}
