import { createHash, X509Certificate } from 'node:crypto';
import { LONGEST_NAME, plain } from '../ground/plain.js';
import { type BoundedCache, boundedCache } from '../ground/bounded-cache.js';
import {
  CertificateError,
  contextTag,
  type Der,
  expect,
  partsOf,
  readDer,
  readMagnitude,
  readOid,
  readSmallInteger,
  readTime,
  TAG,
} from './der.js';
import { type Extensions, readExtensions } from './extensions.js';
import { pemBlocks } from './pem.js';

export { CertificateError } from './der.js';

/** A parsed certificate. Names and keys are kept as DER bytes, because Go and webpki compare them byte by byte. */
export interface Certificate extends Extensions {
  der: Buffer;
  /** Canonical: LF line ends, one final newline. */
  pem: string;
  /** SHA-256 of the DER, 64 lower-case hex digits: what certificates are compared by. */
  fingerprint: string;
  x509: X509Certificate;
  /** For people, in one plain line; one that had to be changed for that is equal to no DNS name. */
  commonName: string;
  subjectDer: Buffer;
  issuerDer: Buffer;
  /** SubjectPublicKeyInfo. */
  publicKeyDer: Buffer;
  serial: string;
  notBefore: Date;
  notAfter: Date;
  key: CertificateKey;
  /** OID of the signature algorithm; empty when the certificate names two different ones, which nobody takes. */
  signatureAlgorithm: string;
  /** What is signed, and the signature. */
  signed: Buffer;
  signature: Buffer;
  /** 1 to 3; only the third has extensions. */
  version: number;
}

/** `other`: of a kind or size that neither Go nor proxies work with, so nothing is computed with it. */
export type CertificateKey =
  { type: 'ec'; curve: string } | { type: 'rsa'; bits: number } | { type: 'ed25519' } | { type: 'other' };

/** Bytes of one certificate, of which those of Linkerd have about 500; post-quantum ones of today have up to 12 KB. */
export const MOST_CERTIFICATE_BYTES = 16 * 1024;

/** Webpki's bounds for RSA (ring's `RSA_PKCS1_2048_8192_SHA256`, and exponents of 33 bits). */
const MOST_RSA_BITS = 8192;
const MOST_EXPONENT_BYTES = 4;

const COMMON_NAME = '2.5.4.3';
const KEYS = { rsa: '1.2.840.113549.1.1.1', ec: '1.2.840.10045.2.1', ed25519: '1.3.101.112' } as const;
/** Curves by their OIDs, as Node names them. */
const CURVES: Record<string, string> = {
  '1.2.840.10045.3.1.7': 'prime256v1',
  '1.3.132.0.34': 'secp384r1',
  '1.3.132.0.35': 'secp521r1',
};

const MOST_CACHED_BYTES = 32 * 1024 * 1024;
/** What the parsed object keeps, as a multiple of the DER: that, PEM, OpenSSL's copy, and small things. */
const KEPT = 8;
const KEPT_BESIDE = 2048;
const parsed: BoundedCache<Certificate> = boundedCache(MOST_CACHED_BYTES);

/**
 * Parses DER; the same bytes give the same object, so that thousands of proxies with one issuer cost one parse.
 * @throws CertificateError
 */
export function parseCertificate(der: Buffer): Certificate {
  checkLength(der);
  const fingerprint = fingerprintOf(der);
  const known = parsed.get(fingerprint);
  if (known) return known;
  const certificate = read(der, fingerprint);
  readByOpenSsl(certificate);
  parsed.set(fingerprint, certificate, der.length * KEPT + KEPT_BESIDE);
  return certificate;
}

/**
 * The same of a certificate that is seen once, as a leaf is: it is not remembered, and OpenSSL gets it only from those who ask for
 * `x509`, because that costs more than all the rest.
 * @throws CertificateError
 */
export function parseLeaf(der: Buffer): Certificate {
  checkLength(der);
  return read(der, fingerprintOf(der));
}

/** SHA-256, 64 lower-case hex digits. */
export function fingerprintOf(der: Buffer): string {
  return createHash('sha256').update(der).digest('hex');
}

/** @throws CertificateError when the text has no certificate; of several it is the first */
export function parseCertificatePem(pem: string): Certificate {
  const block = pemBlocks(pem).blocks.find(({ label }) => label === 'CERTIFICATE');
  if (!block) throw new CertificateError('no certificate in the text');
  return parseCertificate(block.bytes);
}

export function toPem(der: Buffer): string {
  const lines = der.toString('base64').match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`;
}

function checkLength(der: Buffer): void {
  if (der.length > MOST_CERTIFICATE_BYTES) {
    throw new CertificateError(`a certificate of more than ${MOST_CERTIFICATE_BYTES / 1024} KB`);
  }
}

/** @throws CertificateError when OpenSSL cannot read it */
function readByOpenSsl({ x509 }: Certificate): X509Certificate {
  return x509;
}

function read(der: Buffer, fingerprint: string): Certificate {
  const { extensions, ...fields } = asCertificate(() => readFields(der));
  const x509 = once(() => asCertificate(() => new X509Certificate(der)));
  const pem = once(() => toPem(der));
  return {
    der,
    fingerprint,
    ...fields,
    ...asCertificate(() => readExtensions(extensions)),
    get pem() {
      return pem();
    },
    get x509() {
      return x509();
    },
  };
}

function asCertificate<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof CertificateError) throw error;
    throw new CertificateError(`not a certificate: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function once<T>(make: () => T): () => T {
  let made: T | undefined;
  return () => (made ??= make());
}

/** The fields of RFC 5280 section 4.1, left as they are. */
function readFields(der: Buffer) {
  const [tbs, algorithm, signature] = partsOf(readDer(der, TAG.sequence));
  const signed = expect(tbs, TAG.sequence);
  const fields = partsOf(signed);
  const version = fields[0]?.tag === contextTag(0, 'constructed') ? fields[0] : undefined; // absent in the first
  const at = version ? 1 : 0;
  const [serial, algorithmInside, issuer, validity, subject, publicKey, ...rest] = fields.slice(at);
  const [notBefore, notAfter] = partsOf(expect(validity, TAG.sequence));
  const extensions = rest.find(({ tag }) => tag === contextTag(3, 'constructed'));
  const name = expect(subject, TAG.sequence);
  const key = expect(publicKey, TAG.sequence);
  return {
    version: version ? readSmallInteger(readDer(version.content, TAG.integer)) + 1 : 1,
    serial: expect(serial, TAG.integer).content.toString('hex'),
    issuerDer: expect(issuer, TAG.sequence).raw,
    subjectDer: name.raw,
    commonName: commonNameOf(name),
    publicKeyDer: key.raw,
    key: keyOf(key),
    notBefore: readTime(notBefore),
    notAfter: readTime(notAfter),
    signatureAlgorithm: algorithmOf(algorithm, algorithmInside),
    signed: signed.raw,
    signature: bitsOf(signature),
    extensions: extensions && readDer(extensions.content, TAG.sequence),
  };
}

/** RFC 5280 section 4.1.1.2: the algorithm is named outside of what is signed and inside, and both have to be the same. */
function algorithmOf(outside: Der | undefined, inside: Der | undefined): string {
  const [named, same] = [expect(outside, TAG.sequence), expect(inside, TAG.sequence)];
  const oid = readOid(partsOf(named)[0]);
  return named.raw.equals(same.raw) ? oid : '';
}

/** Of a BIT STRING; the byte before them counts the bits that do not count, and a signature has none. */
function bitsOf(element: Der | undefined): Buffer {
  const { content } = expect(element, TAG.bitString);
  return content[0] === 0 ? content.subarray(1) : Buffer.alloc(0);
}

function commonNameOf(name: Der): string {
  for (const set of partsOf(name)) {
    for (const attribute of partsOf(expect(set, TAG.set))) {
      const [id, value] = partsOf(expect(attribute, TAG.sequence));
      if (value && readOid(id) === COMMON_NAME) {
        return plain(value.content.toString(value.tag === TAG.utf8 ? 'utf8' : 'latin1'), LONGEST_NAME);
      }
    }
  }
  return '';
}

/** Read from the bytes: OpenSSL does not get to see a key of a kind that nobody uses. */
function keyOf(publicKey: Der): CertificateKey {
  const [algorithm, bits] = partsOf(publicKey);
  const [id, parameters] = partsOf(expect(algorithm, TAG.sequence));
  const kind = readOid(id);
  if (kind === KEYS.ed25519) return { type: 'ed25519' };
  if (kind === KEYS.rsa) return rsaKeyOf(expect(bits, TAG.bitString));
  const curve = kind === KEYS.ec && parameters?.tag === TAG.oid ? CURVES[readOid(parameters)] : undefined;
  return curve ? { type: 'ec', curve } : { type: 'other' };
}

function rsaKeyOf({ content }: Der): CertificateKey {
  const [modulus, exponent] = partsOf(readDer(content.subarray(1), TAG.sequence)).map(readMagnitude);
  const [first = 0] = modulus ?? [];
  const bits = modulus ? modulus.length * 8 - (Math.clz32(first) - 24) : 0;
  const isUsual = bits <= MOST_RSA_BITS && exponent !== undefined && exponent.length <= MOST_EXPONENT_BYTES;
  return isUsual ? { type: 'rsa', bits } : { type: 'other' };
}
