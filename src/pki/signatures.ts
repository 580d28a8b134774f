import { verify } from 'node:crypto';
import { type BoundedCache, boundedCache } from '../ground/bounded-cache.js';
import type { Certificate, CertificateKey } from './certificate.js';

const MOST_CACHED_BYTES = 4 * 1024 * 1024;
const VERDICT_BYTES = 256;
const verdicts: BoundedCache<boolean> = boundedCache(MOST_CACHED_BYTES);

/**
 * Whether a certificate has signed another, as far as their names (bytes) and the signature tell: neither validity nor what
 * the signer may do is looked at. Verdicts are remembered: a scan of thousands of proxies asks about few issuers.
 */
export function hasSigned(issuer: Certificate, subject: Certificate): boolean {
  if (!issuer.subjectDer.equals(subject.issuerDer)) return false;
  const key = `${issuer.publicKeyDer.toString('latin1')}${subject.fingerprint}`; // two certificates of one key sign the same
  const known = verdicts.get(key);
  if (known !== undefined) return known;
  const verdict = signaturesOf(issuer.key).includes(subject.signatureAlgorithm) && verifies(issuer, subject);
  verdicts.set(key, verdict, VERDICT_BYTES);
  return verdict;
}

/** Of a root that may be there a second time, as one before it has certified it: the one that it has signed itself. */
export function selfSignedOf(roots: readonly Certificate[]): Certificate | undefined {
  return roots.find((root) => hasSigned(root, root)) ?? roots[0];
}

/** Names a pair of certificates. */
export function pairOf(issuer: Certificate, subject: Certificate): string {
  return `${issuer.fingerprint}${subject.fingerprint}`;
}

const ECDSA = { sha256: '1.2.840.10045.4.3.2', sha384: '1.2.840.10045.4.3.3', sha512: '1.2.840.10045.4.3.4' } as const;
const RSA = {
  sha256: '1.2.840.113549.1.1.11',
  sha384: '1.2.840.113549.1.1.12',
  sha512: '1.2.840.113549.1.1.13',
} as const;
const RSA_PKCS1: readonly string[] = Object.values(RSA);
const ED25519 = '1.3.101.112';
/** The digest of what is signed; Ed25519 has its own. */
const DIGESTS: ReadonlyMap<string, string> = new Map(
  [ECDSA, RSA].flatMap((kind) => Object.entries(kind).map(([name, oid]) => [oid, name] as const)),
);
const LEAST_RSA_BITS = 2048;

/**
 * Signatures of a kind of key that proxies take (linkerd2-proxy linkerd/rustls/src/crypto.rs `SUPPORTED_SIG_ALGS`). No RSA-PSS,
 * which Go would take; P-521 with proxies on aws-lc only, but what a mesh has in use it has proven itself.
 */
const BY_CURVE: Record<string, readonly string[]> = {
  prime256v1: [ECDSA.sha256, ECDSA.sha384],
  secp384r1: [ECDSA.sha256, ECDSA.sha384],
  secp521r1: [ECDSA.sha256, ECDSA.sha384, ECDSA.sha512],
};

function signaturesOf(key: CertificateKey): readonly string[] {
  if (key.type === 'ec') return BY_CURVE[key.curve] ?? [];
  if (key.type === 'rsa') return key.bits >= LEAST_RSA_BITS ? RSA_PKCS1 : [];
  return key.type === 'ed25519' ? [ED25519] : [];
}

/** Whether proxies verify what this key has signed. */
export function isUsableKey(key: CertificateKey): boolean {
  return signaturesOf(key).length > 0;
}

function verifies(issuer: Certificate, subject: Certificate): boolean {
  try {
    return verify(DIGESTS.get(subject.signatureAlgorithm), subject.signed, issuer.x509.publicKey, subject.signature);
  } catch {
    return false; // a key or a signature that OpenSSL cannot make sense of
  }
}
