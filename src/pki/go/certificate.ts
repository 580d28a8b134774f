import { createPublicKey } from 'node:crypto';
import { CertificateError, contextTag, type Der, expect, readDer, readTime, TAG } from '../der.js';
import { bits, type Cursor, cursor, integer, isNegative, objectId, refuse, smallInteger } from './cursor.js';
import { checkExtensions } from './extensions.js';
import { checkName } from './strings.js';

/**
 * Why Go, which identity is written in, does not take a certificate at all: what crypto/x509 `ParseCertificate` of Go 1.26 checks
 * (parser.go), in its order. A bundle with one such certificate ends identity at its start. Proxies are less strict, and so is
 * `parseCertificate`, which reads what pods present.
 * @returns undefined when Go takes it
 */
export function refusedByGo(der: Buffer): string | undefined {
  try {
    checkCertificate(der);
    return undefined;
  } catch (error) {
    if (error instanceof CertificateError) return error.message;
    throw error;
  }
}

function checkCertificate(der: Buffer): void {
  const outer = cursor(readDer(der, TAG.sequence));
  const tbs = cursor(outer.next(TAG.sequence));
  const version = versionOf(tbs.optional(contextTag(0, 'constructed')));
  if (isNegative(integer(tbs.next()))) refuse('a negative serial number');
  const algorithm = tbs.next(TAG.sequence);
  if (!outer.next(TAG.sequence).content.equals(algorithm.content)) refuse('two different signature algorithms');
  readAlgorithm(algorithm);
  checkName(tbs.next(TAG.sequence));
  const validity = cursor(tbs.next(TAG.sequence));
  readTime(validity.next());
  readTime(validity.next());
  checkName(tbs.next(TAG.sequence));
  checkKey(tbs.next(TAG.sequence));
  if (version > 1) checkRest(tbs, version);
  bits(outer.next());
}

function versionOf(element: Der | undefined): number {
  if (!element) return 1;
  const version = Number(smallInteger(readDer(element.content, TAG.integer))) + 1;
  if (version < 1 || version > 3) refuse('a version that there is not');
  return version;
}

function checkRest(tbs: Cursor, version: number): void {
  tbs.optional(contextTag(1, 'primitive'));
  tbs.optional(contextTag(2, 'primitive'));
  const extensions = version === 3 ? tbs.optional(contextTag(3, 'constructed')) : undefined;
  if (extensions) checkExtensions(cursor(extensions).next(TAG.sequence));
}

function readAlgorithm(algorithm: Der): { id: string; parameters: Der | undefined } {
  const parts = cursor(algorithm);
  const id = objectId(parts.next());
  return { id, parameters: parts.peek() === undefined ? undefined : parts.next() };
}

interface Key {
  parameters: Der | undefined;
  bytes: Buffer;
  spki: Buffer;
}

/** Kinds of keys that Go knows; of others it looks at nothing. */
const KEYS: Record<string, (key: Key) => void> = {
  '1.2.840.113549.1.1.1': checkRsaKey,
  '1.2.840.10045.2.1': checkEcKey,
  '1.3.101.112': ({ parameters, bytes }) => {
    if (parameters || bytes.length !== 32) refuse('an Ed25519 key that is none');
  },
  '1.2.840.10040.4.1': checkDsaKey,
};

function checkKey(spki: Der): void {
  const parts = cursor(spki);
  const { id, parameters } = readAlgorithm(parts.next(TAG.sequence));
  KEYS[id]?.({ parameters, bytes: bits(parts.next()), spki: spki.raw });
}

const NULL = 0x05;

function checkRsaKey({ parameters, bytes }: Key): void {
  if (parameters?.tag !== NULL || parameters.content.length > 0) refuse('an RSA key without NULL parameters');
  const parts = cursor(cursor({ content: bytes }).next(TAG.sequence));
  const modulus = integer(parts.next());
  const exponent = smallInteger(parts.next());
  if (!isPositive(modulus) || exponent <= 0n) refuse('an RSA key that is none');
}

/** P-224, P-256, P-384 and P-521, with the bytes of a point. */
const CURVES: Record<string, number> = {
  '1.3.132.0.33': 57,
  '1.2.840.10045.3.1.7': 65,
  '1.3.132.0.34': 97,
  '1.3.132.0.35': 133,
};
const UNCOMPRESSED = 4;

function checkEcKey({ parameters, bytes, spki }: Key): void {
  if (!parameters) refuse('an EC key without a curve');
  const length = CURVES[objectId(parameters)];
  if (length === undefined) refuse('an EC key of a curve that Go does not know');
  const isWhole = bytes.length === length && bytes[0] === UNCOMPRESSED && isPoint(spki);
  if (!isWhole) refuse('an EC key that is no point of its curve, uncompressed');
}

function isPoint(spki: Buffer): boolean {
  try {
    createPublicKey({ key: spki, format: 'der', type: 'spki' });
    return true;
  } catch {
    return false;
  }
}

function checkDsaKey({ parameters, bytes }: Key): void {
  const numbers = cursor(expect(parameters, TAG.sequence));
  const all = [cursor({ content: bytes }), numbers, numbers, numbers].map((from) => integer(from.next()));
  if (!all.every(isPositive)) refuse('a DSA key that is none');
}

function isPositive(value: Buffer): boolean {
  return !isNegative(value) && value.some((byte) => byte !== 0);
}
