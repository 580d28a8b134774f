import type { Fingerprint } from '../ground/mesh.js';
import type { RotationReport } from '../rotation/report.js';

/** What is asked of a proxy when a rotation has ended, whichever course it was on. */

/** What a rotation has converged on, as the first line of the evidence says. */
export interface Ended {
  outcome: RotationReport['outcome'];
  root: Fingerprint;
  retired: readonly Fingerprint[];
  retiredIssuer: readonly Fingerprint[];
}

/** Its process trusts the root, and none that is retired. */
export function anchorsShortfall(anchors: readonly Fingerprint[], { root, retired }: Ended): string | undefined {
  const left = retired.find((fingerprint) => anchors.includes(fingerprint));
  if (left) return `its process still trusts root ${short(left)}, which is retired`;
  return anchors.includes(root) ? undefined : `its process does not trust root ${short(root)}`;
}

/** What of a chain counts. */
export interface Presented {
  /** Leaf first. */
  chain: readonly Fingerprint[];
  /** The roots with which alone it verifies. */
  verifiesWith: readonly Fingerprint[];
}

/**
 * The chain verifies with the root, without the retired issuer, and with no root that is retired. After an abort a leaf may carry the
 * bridge certificate until it is renewed: that leads to a root which nobody trusts, and harms nobody.
 */
export function chainShortfall({ chain, verifiesWith }: Presented, ended: Ended): string | undefined {
  const { outcome, root, retired, retiredIssuer } = ended;
  if (!verifiesWith.includes(root)) return `the chain that it presents does not verify with root ${short(root)}`;
  const issuer = retiredIssuer.find((fingerprint) => chain.includes(fingerprint));
  if (issuer) return `it presents certificate ${short(issuer)} of the retired issuer`;
  const left = outcome === 'completed' && retired.find((fingerprint) => verifiesWith.includes(fingerprint));
  return left ? `the chain that it presents verifies with root ${short(left)}, which is retired` : undefined;
}

/** As people tell certificates from each other. */
export function short(fingerprint: Fingerprint): string {
  return fingerprint.slice(0, 12);
}
