import type { IssuerState } from '../courses/course.js';
import type { Finding } from '../findings.js';
import type { LeftBehind, PreflightObservation } from './observation.js';
import { rotationSecret } from './subjects.js';

const COMMANDS: Record<LeftBehind['of'], string> = { root: 'reroot rotate', issuer: 'reroot rotate-issuer' };

/**
 * What the Secret of an earlier rotation tells. `state` and `issuer` are what the issuer Secret holds: where a bridge
 * certificate is in it, leaves end with the first of its certificates that does.
 */
export function leftBehindOf(
  { retire }: { retire: readonly string[] },
  state: IssuerState | undefined,
  issuer: readonly { notAfter: Date }[],
): LeftBehind {
  const of = retire.length > 0 ? 'root' : 'issuer'; // a rotation of the issuer alone takes no root out
  if (state !== 'bridge' && state !== 'crossover') return { of };
  const ends = issuer.map(({ notAfter }) => notAfter.getTime());
  return { of, bridgeNotAfter: new Date(Math.min(...ends)).toISOString() };
}

/**
 * A rotation of the same kind continues it. One of the other kind must not: a rotation of the issuer alone would put an
 * issuer in use that is under a new root, which nobody trusts yet.
 */
export function rotationLeftBehind({ leftBehind, linkerdNamespace, course }: PreflightObservation): Finding[] {
  if (!leftBehind) return [];
  const { of, bridgeNotAfter } = leftBehind;
  const isOtherKind = course.replaces !== of;
  const bridge = bridgeNotAfter
    ? `, and its bridge certificate is in the issuer Secret: every leaf ends with that at ${bridgeNotAfter}`
    : '';
  return [
    {
      reason: 'RotationLeftBehind',
      severity: isOtherKind ? 'block' : 'warn',
      message: `an earlier rotation of the ${of} did not come to its end${bridge}`,
      subject: rotationSecret(linkerdNamespace),
      hint: isOtherKind
        ? `finish it first with \`${COMMANDS[of]}\`, or \`abort\` it`
        : 'a rotation that is started now continues it; `abort` then goes back to the certificates from before it',
    },
  ];
}
