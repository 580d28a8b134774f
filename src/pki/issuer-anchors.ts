import type { Certificate } from './certificate.js';
import { verifyChain } from './chain.js';

/**
 * The anchors that an issuer, as stored with its chain, verifies with; each alone. A rotation takes these out; every other
 * anchor belongs to somebody else and stays.
 */
export function anchorsOfIssuer(
  issuer: readonly [Certificate, ...Certificate[]],
  anchors: readonly Certificate[],
): Certificate[] {
  // an issuer that has expired is under its root all the same
  const at = new Date(Math.min(Date.now(), ...issuer.map(({ notAfter }) => notAfter.getTime())));
  return anchors.filter(
    (anchor) => verifyChain({ chain: [...issuer], anchors: [anchor], at, anchorExpiry: 'ignore' }).ok,
  );
}
