import { isSigned } from '../../ground/mesh.js';
import { type Recovery, RECOVERY_STRATEGY } from '../courses/recovery.js';
import type { Finding } from '../findings.js';
import type { Expiry, PreflightObservation } from './observation.js';
import { issuerSecret } from './subjects.js';

interface Repair {
  reason: string;
  /** What goes on and what does not until the rotation is through. */
  meanwhile: string;
  /** Why no other strategy can repair it. */
  unfit: string;
}

const REPAIRS: Record<Recovery, Repair> = {
  root: {
    reason: 'RootExpired',
    meanwhile:
      'this rotation repairs identity first; proxies ignore the expiry of an anchor, so those that have a leaf go on talking',
    unfit: 'use bridge: any other strategy would give new pods leaves that the old ones refuse',
  },
  issuer: {
    reason: 'IssuerExpired',
    meanwhile: 'this rotation repairs identity first and then rolls everything; until then what is broken stays broken',
    unfit: 'use standard: a bridge would keep the expired certificate in use',
  },
};

interface Ends {
  notAfter: Date;
}

/** What of the certificates in use has expired; of several roots, one that lasts is enough. */
export function expiredOf(issuer: Ends, roots: readonly Ends[], now: Date): Recovery | undefined {
  if (issuer.notAfter <= now) return 'issuer';
  return roots.length > 0 && roots.every(({ notAfter }) => notAfter <= now) ? 'root' : undefined;
}

/** What must not expire while a rotation needs it. */
export function expiriesOf(issuer: Ends | undefined, roots: readonly Ends[]): Expiry[] {
  return [
    ...(issuer ? [{ what: 'the issuer in use', notAfter: issuer.notAfter.toISOString() }] : []),
    ...roots.map(({ notAfter }) => ({ what: 'its root', notAfter: notAfter.toISOString() })),
  ];
}

/** What is broken already, and what repairs it. */
export function alreadyExpired(observation: PreflightObservation): Finding[] {
  const { recovery, proxies, now, linkerdNamespace } = observation;
  if (!recovery) return [];
  const ends = proxies.flatMap(({ leaf }) => (leaf && isSigned(leaf) ? [Date.parse(leaf.notAfter)] : []));
  const dead = ends.filter((end) => end <= now.getTime()).length;
  const last =
    ends.length > 0 ? `the last leaf ends at ${new Date(Math.max(...ends)).toISOString()}` : 'no leaf could be read';
  return [
    {
      reason: REPAIRS[recovery].reason,
      severity: 'warn',
      message:
        `the ${recovery} has expired and identity issues nothing: new pods do not become ready, ` +
        `${dead} of ${proxies.length} proxies have an expired leaf, and ${last}`,
      subject: issuerSecret(linkerdNamespace),
      hint: hintOf(recovery, observation),
    },
  ];
}

/** An issuer that cert-manager renews under a root that lasts repairs itself. */
function hintOf(recovery: Recovery, { owners }: PreflightObservation): string {
  const { meanwhile } = REPAIRS[recovery];
  if (recovery !== 'issuer' || owners.issuer.kind !== 'certManager') return meanwhile;
  return `have cert-manager renew it: identity takes that issuer, and proxies get leaves again. Or: ${meanwhile}`;
}

/** The strategy that was asked for cannot repair what has expired. */
export function strategyUnfit({ recovery, course, linkerdNamespace }: PreflightObservation): Finding[] {
  if (!recovery || course.strategy === RECOVERY_STRATEGY[recovery] || course.replaces === 'issuer') return [];
  return [
    {
      reason: 'StrategyUnfit',
      severity: 'block',
      message: `strategy ${course.strategy} cannot repair an expired ${recovery}`,
      subject: issuerSecret(linkerdNamespace),
      hint: REPAIRS[recovery].unfit,
    },
  ];
}
