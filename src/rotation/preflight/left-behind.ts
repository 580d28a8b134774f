import type { IssuerState } from '../courses/course.js';
import type { Finding } from '../findings.js';
import type { Use } from '../untouched.js';
import type { LeftBehind, PreflightObservation } from './observation.js';
import { rotationSecret } from './subjects.js';

const COMMANDS: Record<LeftBehind['of'], string> = { root: 'reroot rotate', issuer: 'reroot rotate-issuer' };

/** What was left: the Secret of an earlier rotation, and what of it is in use. */
export interface Left {
  rotation: { id: string; retire: readonly string[] };
  /** What the issuer Secret holds; undefined: somebody else's. */
  state: IssuerState | undefined;
  use: Use;
  /** The root that the input wants to go on with. */
  adopt?: string | undefined;
}

/**
 * What the Secret of an earlier rotation tells. `issuer` is what the issuer Secret holds: where a bridge certificate is in it,
 * leaves end with the first of its certificates that does.
 */
export function leftBehindOf({ rotation, state, use, adopt }: Left, issuer: readonly { notAfter: Date }[]): LeftBehind {
  const of = rotation.retire.length > 0 ? 'root' : 'issuer'; // a rotation of the issuer alone takes no root out
  const left: LeftBehind = { of, id: rotation.id, use, ...(isNamed(rotation, adopt) ? { named: true as const } : {}) };
  if (state !== 'bridge' && state !== 'crossover') return left;
  const ends = issuer.map(({ notAfter }) => notAfter.getTime());
  return { ...left, bridgeNotAfter: new Date(Math.min(...ends)).toISOString() };
}

/** Whether the input names this rotation's root. */
export function isNamed({ id }: { id: string }, adopt: string | undefined): boolean {
  return adopt?.startsWith(id) === true;
}

/** What a person has to decide who knows where the Secret is from. */
export function adoptionUnclear(id: string): string {
  return (
    `it holds root ${id}, which a proxy says that it trusts and no trust bundle has: an earlier rotation may have left it, or ` +
    `somebody may have planted it. If it is yours, start with \`adopt\`: "${id}" to go on with it. If it is not, delete it, and ` +
    'find out who made it'
  );
}

/**
 * A rotation of the same kind continues it. One of the other kind must not: a rotation of the issuer alone would put an
 * issuer in use that is under a new root, which nobody trusts yet.
 */
export function rotationLeftBehind({ leftBehind, linkerdNamespace, course }: PreflightObservation): Finding[] {
  if (!leftBehind) return [];
  const { of, id, use, named, bridgeNotAfter } = leftBehind;
  const finding = { reason: 'RotationLeftBehind', subject: rotationSecret(linkerdNamespace) };
  if (use === 'unclear' && !named) return [{ ...finding, severity: 'block', message: adoptionUnclear(id) }];
  if (use === 'unused' && !named) {
    return [
      {
        ...finding,
        severity: 'warn',
        message: `it holds certificates (root ${id}) that nothing in the mesh refers to: an earlier rotation may have left them, or somebody may have planted them`,
        hint: `a rotation that is started now replaces them; \`adopt\`: "${id}" goes on with them`,
      },
    ];
  }
  const isOtherKind = course.replaces !== of;
  const bridge = bridgeNotAfter
    ? `, and its bridge certificate is in the issuer Secret: every leaf ends with that at ${bridgeNotAfter}`
    : '';
  return [
    {
      ...finding,
      severity: isOtherKind ? 'block' : 'warn',
      message: `an earlier rotation of the ${of} did not come to its end${bridge}`,
      hint: isOtherKind
        ? `finish it first with \`${COMMANDS[of]}\`, or \`abort\` it`
        : 'a rotation that is started now continues it; `abort` then goes back to the certificates from before it',
    },
  ];
}
