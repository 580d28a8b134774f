import { fingerprintOf } from '../../src/pki/certificate.js';
import { pemBlocks } from '../../src/pki/pem.js';

/** Certificates of a whole mesh, each once, and no more of them than a worker has room for. */
export interface KeptCertificates {
  /** @returns why they are not kept: the proxy that shows them has no evidence then */
  add(shown: readonly Shown[]): string | undefined;
  der(fingerprint: string): Buffer | undefined;
}

/** A certificate, as bytes or as text: the text is read where nobody has shown it yet. */
export type Shown = { fingerprint: string } & ({ der: Buffer } | { pem: string });

/** Bytes that a proxy may show beside what others have shown: its leaf has some 600; a tenant may send 128 KB. */
export const MOST_OF_ONE = 16 * 1024;
/** Bytes of all: 10,000 leaves have 6 MB. */
const MOST = 48 * 1024 * 1024;

/** @param known they are kept whatever they are: the rotation's own, and those of the bundle */
export function keptCertificates(
  known: readonly { fingerprint: string; der: Buffer }[],
  most = MOST,
): KeptCertificates {
  const kept = new Map(known.map(({ fingerprint, der }) => [fingerprint, der]));
  let bytes = 0;
  return {
    add: (shown) => {
      const fresh = new Map(
        shown.filter(({ fingerprint }) => !kept.has(fingerprint)).map((one) => [one.fingerprint, derOf(one)]),
      );
      const more = [...fresh.values()].reduce((sum, der) => sum + der.length, 0);
      if (more > MOST_OF_ONE)
        return `it shows ${more} bytes of certificates that nobody else has, more than ${MOST_OF_ONE}`;
      if (bytes + more > most)
        return `there is no room for its certificates: all together have more than ${most} bytes`;
      for (const [fingerprint, der] of fresh) kept.set(fingerprint, Buffer.from(der)); // what it was cut out of may go
      bytes += more;
      return undefined;
    },
    der: (fingerprint) => kept.get(fingerprint),
  };
}

function derOf(shown: Shown): Buffer {
  if ('der' in shown) return shown.der;
  return (
    pemBlocks(shown.pem).blocks.find(({ bytes }) => fingerprintOf(bytes) === shown.fingerprint)?.bytes ??
    Buffer.alloc(0)
  );
}
