import type { ProxyObservation, Target } from '../ground/mesh.js';
import { forgotRetired, leftRetiredIssuer, type Requirement } from '../rotation/gates.js';
import type { RotationReport } from '../rotation/report.js';

/**
 * What is asked of a proxy when a rotation has ended, whichever course it was on: its process trusts the root and none that is
 * retired, and the chain that it presents verifies with the root, without the retired issuer, and with no root that is retired.
 * After an abort a leaf may carry the bridge certificate until it is renewed: it leads to a root that nobody trusts, and harms nobody.
 * @returns why it does not, in a sentence; undefined: all holds
 */
export function shortfallAtTheEnd(
  proxy: ProxyObservation,
  target: Target,
  outcome: RotationReport['outcome'],
): string | undefined {
  const { component: _, ...plain } = proxy; // when identity was started is a question of the gates
  for (const requirement of outcome === 'completed' ? [...ASKED, verifiesWithNothingRetired] : ASKED) {
    const shortfall = requirement(plain, target);
    if (shortfall) return shortfall.message;
  }
  return undefined;
}

const ASKED: readonly Requirement[] = [forgotRetired, leftRetiredIssuer];

function verifiesWithNothingRetired({ leaf }: ProxyObservation, { retired }: Target): ReturnType<Requirement> {
  const left = retired.find(({ fingerprint }) => leaf?.verifiesWith.includes(fingerprint));
  if (!left) return undefined;
  const name = `${left.fingerprint.slice(0, 12)} (${left.commonName})`;
  return { reason: 'LeafUnderRetiredRoot', message: `it presents a chain that verifies with the retired root ${name}` };
}
