import type { RotationReport } from './report.js';

/** What the report says of the issuer key of the start, which is out of use: reroot cannot unmake what others have copied. */
export type OldKey = Pick<RotationReport, 'oldKeyUsableUntil' | 'oldKeyCopies'>;

/** What that key was certified by. */
export interface Certified {
  /** The issuer certificate of the start. */
  notAfter: Date;
  /** Anchors in the bundle that it is under. */
  anchors: readonly { publicKeyDer: Buffer }[];
  publicKeyDer: Buffer;
  /** The last bridge certificate that was made: none that was made earlier ends later. */
  bridge?: { notAfter: Date } | undefined;
}

/**
 * Until when a copy of the key can sign what a proxy trusts, as ISO 8601: the end of the last certificate under a trusted
 * root; with none, now. undefined: the key is that of a root which is still trusted, and proxies ignore when an anchor ends.
 */
export function usableUntil({ notAfter, anchors, publicKeyDer, bridge }: Certified, now: Date): string | undefined {
  if (anchors.some((anchor) => anchor.publicKeyDer.equals(publicKeyDer))) return undefined;
  const ends = [now, ...(anchors.length > 0 ? [notAfter] : []), ...(bridge ? [bridge.notAfter] : [])];
  return new Date(Math.max(...ends.map((end) => end.getTime()))).toISOString();
}
