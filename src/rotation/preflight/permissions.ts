import type { Finding } from '../findings.js';
import type { PreflightObservation } from './observation.js';
import { CLUSTER } from './subjects.js';

export function permissionMissing({ missingPermissions }: PreflightObservation): Finding[] {
  return missingPermissions.map(({ what, neededFor }) => ({
    reason: 'PermissionMissing',
    severity: 'block',
    message: `reroot may not ${what}; needed for: ${neededFor}`,
    subject: CLUSTER,
    hint: 'apply deploy/rbac.yaml of this version',
  }));
}
