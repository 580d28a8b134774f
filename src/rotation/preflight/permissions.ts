import type { Finding } from '../findings.js';
import type { PreflightObservation } from './observation.js';
import { CLUSTER } from './subjects.js';

/** It would stand before the point of no return, and nobody could say what moves it. */
export function approvalsElsewhere({ approvalsInCluster, course }: PreflightObservation): Finding[] {
  if (!approvalsInCluster || course.replaces !== 'root') return [];
  return [
    {
      reason: 'ApprovalsElsewhere',
      severity: 'block',
      message:
        'this worker passes the point of no return by an approval in the cluster alone (REROOT_APPROVALS), and the input asks for another',
      subject: CLUSTER,
      hint: 'start the rotation with `approvals`: "inCluster"',
    },
  ];
}

export function permissionMissing({ missingPermissions }: PreflightObservation): Finding[] {
  return missingPermissions.map(({ what, neededFor }) => ({
    reason: 'PermissionMissing',
    severity: 'block',
    message: `reroot may not ${what}; needed for: ${neededFor}`,
    subject: CLUSTER,
    hint: 'apply deploy/rbac.yaml of this version',
  }));
}
