import type { Finding } from '../findings.js';
import type { PreflightObservation } from './observation.js';
import { CLUSTER, issuerSecret } from './subjects.js';

export function apiServerUnverified({ unverified }: PreflightObservation): Finding[] {
  if (unverified === undefined) return [];
  return [
    {
      reason: 'ApiServerUnverified',
      severity: 'warn',
      message: `the certificate of the API server is not verified (${unverified}): private keys go to whoever answers there`,
      subject: CLUSTER,
      hint: 'take that away; a worker does not start with it, unless REROOT_UNVERIFIED_API_SERVER=accept is in its environment',
    },
  ];
}

/** The old key is worth nothing only when the last copy of it is gone: who has others is told while there is time. */
export function oldKeyCopies({ keyCopies: { applied, helm }, linkerdNamespace }: PreflightObservation): Finding[] {
  const annotated = applied.map((name) =>
    copies(
      { kind: 'object', name },
      'its annotation kubectl.kubernetes.io/last-applied-configuration holds a private key, as `kubectl apply` leaves it',
      'the rotation takes the key out of it, and leaves the rest; `kubectl apply --server-side` makes no such copy',
    ),
  );
  if (helm === undefined) return annotated;
  const kept = copies(
    issuerSecret(linkerdNamespace),
    `Helm keeps the values of its releases in ${helm}: if the issuer's key was one of them, it stays there`,
    'reroot may not read or delete those: after the rotation and a `helm upgrade` with the new values, delete the Secrets of ' +
      'earlier revisions (there is no `helm rollback` to them then)',
  );
  return [...annotated, kept];
}

function copies(subject: Finding['subject'], message: string, hint: string): Finding {
  return { reason: 'OldKeyCopies', severity: 'warn', message, subject, hint };
}

/** A root's key is used once in years; in a cluster it can be read all the time. Who says what is to become of it knows. */
export function rootKeyKept({ keepsRootKey, linkerdNamespace }: PreflightObservation): Finding[] {
  if (!keepsRootKey) return [];
  return [
    {
      reason: 'RootKeyKept',
      severity: 'warn',
      message: `the new root's private key will be kept in Secret ${linkerdNamespace}/reroot-trust-root (ca.key)`,
      subject: CLUSTER,
      hint:
        'take it out of there after the rotation (docs/input.md, "The key of the root"), or say `root.key: discard`; ' +
        '`root.key: keep` says that it is meant to stay',
    },
  ];
}
