import type { Problem } from '../../pki/problem.js';
import type { Finding, Subject } from '../findings.js';
import type { PreflightObservation } from './observation.js';
import { CLUSTER, issuerSecret } from './subjects.js';

export function issuerUnfit({ issuer, linkerdNamespace, recovery }: PreflightObservation): Finding[] {
  return issuer.map((problem) => {
    const repaired = recovery !== undefined && problem.reason === 'Expired';
    // whether the rotation is quick enough is for `strategyTooSlow` to say
    const judged = problem.reason === 'ExpiresDuringRotation';
    const severity = repaired || judged ? 'warn' : severityOf(problem);
    // what this rotation repairs nobody has to
    const { hint, ...known } = problem;
    const said = repaired || hint === undefined ? known : { ...known, hint };
    return finding(said, severity, 'the issuer in use', issuerSecret(linkerdNamespace));
  });
}

export function suppliedCertificatesUnfit({ supplied }: PreflightObservation): Finding[] {
  const problems = supplied?.problems ?? [];
  return problems.map((problem) => finding(problem, severityOf(problem), 'your certificates', CLUSTER));
}

export function bridgeNeedsRootKey({ supplied, course }: PreflightObservation): Finding[] {
  if (!course.bridge || supplied?.hasRootKey !== false) return [];
  return [
    {
      reason: 'BridgeNeedsRootKey',
      severity: 'block',
      message:
        'your certificates: strategy bridge certifies the issuer key in use under the new root, and the key of that root (ca.key) is missing',
      subject: CLUSTER,
      hint: 'add ca.key, or choose strategy patient or standard',
    },
  ];
}

function finding({ reason, message, hint }: Problem, severity: Finding['severity'], of: string, subject: Subject) {
  return { reason, severity, message: `${of}: ${message}`, subject, ...(hint ? { hint } : {}) };
}

function severityOf({ severity }: Problem): Finding['severity'] {
  return severity === 'error' ? 'block' : 'warn';
}
