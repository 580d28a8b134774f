import type { Certificate } from './certificate.js';
import { verifyChain } from './chain.js';

type Chain = readonly [Certificate, ...Certificate[]];

/**
 * The anchors that an issuer, as stored with its chain, verifies with; each alone. A rotation takes these out; every other
 * anchor belongs to somebody else and stays.
 */
export function anchorsOfIssuer(chain: Chain, anchors: readonly Certificate[]): Certificate[] {
  const moments = momentsOf(chain, Date.now());
  return anchors.filter((anchor) =>
    moments.some((at) => verifyChain({ chain, anchors: [anchor], at, as: 'proxy' }).ok),
  );
}

/** Now, and when each of them began and ended: an issuer that has expired is under its root all the same. */
function momentsOf(chain: Chain, now: number): Date[] {
  const edges = chain.flatMap(({ notBefore, notAfter }) => [notAfter.getTime(), notBefore.getTime()]);
  return [now, ...edges.filter((at) => at <= now)].map((at) => new Date(at));
}

/** When a chain ends: a leaf never outlives any certificate of the issuer's file (linkerd2 pkg/tls/ca.go `createTemplate`). */
export function endOf(chain: Chain): Pick<Certificate, 'notAfter'> {
  return { notAfter: new Date(Math.min(...chain.map(({ notAfter }) => notAfter.getTime()))) };
}
