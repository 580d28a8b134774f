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
  return missingPermissions.map(({ what, neededFor, file }) => ({
    reason: 'PermissionMissing',
    severity: 'block',
    message: `reroot may not ${what}; needed for: ${neededFor}`,
    subject: CLUSTER,
    hint: `apply ${file} of this version`,
  }));
}

/** What is used for one thing is one finding. */
export function optionalPermissionMissing({ optionalMissing = [] }: PreflightObservation): Finding[] {
  const uses = new Set(optionalMissing.map(({ neededFor }) => neededFor));
  return [...uses].map((use) => {
    const lacking = optionalMissing.filter(({ neededFor }) => neededFor === use);
    const files = [...new Set(lacking.map(({ file }) => file))];
    return {
      reason: 'OptionalPermissionMissing',
      severity: 'warn',
      message: `reroot may not ${lacking.map(({ what }) => what).join(', nor ')}; a rotation goes on without: ${use}`,
      subject: CLUSTER,
      hint: `apply ${files.join(' and ')} of this version, if you want it`,
    };
  });
}

/** RBAC lets through far more than a rotation does; what holds that back is a policy, which a cluster may lack. */
export function admissionPolicyAbsent({ policyShortfall }: PreflightObservation): Finding[] {
  if (policyShortfall === undefined) return [];
  return [
    {
      reason: 'AdmissionPolicyAbsent',
      severity: 'warn',
      message: `nothing limits what reroot's user changes in what it may write: ${policyShortfall}`,
      subject: CLUSTER,
      hint: 'apply deploy/policy.yaml; docs/permissions.md says what it limits, and what to do below Kubernetes 1.30',
    },
  ];
}
