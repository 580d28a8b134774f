import { createHash, createPublicKey, type KeyObject, randomBytes, sign } from 'node:crypto';
import forge from 'node-forge';
import { type Certificate, parseCertificate } from './certificate.js';
import { generateKey } from './key.js';

/** node-forge encodes, node:crypto makes keys and signatures: forge cannot sign with EC keys. */

type Asn1 = forge.asn1.Asn1;
const { asn1 } = forge;
const { UNIVERSAL, CONTEXT_SPECIFIC } = asn1.Class;

const ECDSA_WITH_SHA256 = '1.2.840.10045.4.3.2';
const SHA256_WITH_RSA = '1.2.840.113549.1.1.11';
/** Clocks of nodes differ: what is valid from now on for us must not be "not yet" for them. */
const BACKDATED_MS = 60_000;

export interface Issued {
  certificate: Certificate;
  privateKey: KeyObject;
}

export interface RootRequest {
  commonName: string;
  validForMs: number;
  now?: Date;
  /** CAs that may stand below; default 1: the identity issuer. */
  pathLength?: number;
}

/** A self-signed root with a new P-256 key, as Linkerd's documents make it (`step certificate create --profile root-ca`). */
export function createRoot({ commonName, validForMs, now = new Date(), pathLength = 1 }: RootRequest): Issued {
  const privateKey = generateKey();
  const name = encodeName(commonName);
  const publicKeyDer = spki(privateKey);
  const certificate = issue({
    subjectDer: name,
    issuerDer: name,
    publicKeyDer,
    signingKey: privateKey,
    notBefore: new Date(now.getTime() - BACKDATED_MS),
    notAfter: new Date(now.getTime() + validForMs),
    extensions: [basicConstraints(pathLength), keyUsage(), subjectKeyId(keyId(publicKeyDer))],
  });
  return { certificate, privateKey };
}

export interface IssuerRequest {
  root: Certificate;
  rootKey: KeyObject;
  commonName: string;
  validForMs: number;
  now?: Date;
}

/**
 * An identity issuer under a root: P-256, no CA below it, its name also as DNS name (asked for by Linkerd up to 2.9.0).
 * It never outlives its root.
 */
export function createIssuer({ root, rootKey, commonName, validForMs, now = new Date() }: IssuerRequest): Issued {
  const privateKey = generateKey();
  const publicKeyDer = spki(privateKey);
  const certificate = issue({
    subjectDer: encodeName(commonName),
    ...underRoot(root, rootKey, validForMs, now),
    publicKeyDer,
    extensions: [
      basicConstraints(0),
      keyUsage(),
      subjectKeyId(keyId(publicKeyDer)),
      authorityKeyId(root.subjectKeyId ?? keyId(root.publicKeyDer)),
      dnsName(commonName),
    ],
  });
  return { certificate, privateKey };
}

/** What a root gives to whatever it signs; nothing outlives it. */
function underRoot(root: Certificate, rootKey: KeyObject, validForMs: number, now: Date) {
  return {
    issuerDer: root.subjectDer,
    signingKey: rootKey,
    notBefore: new Date(now.getTime() - BACKDATED_MS),
    notAfter: earlier(new Date(now.getTime() + validForMs), root.notAfter),
  };
}

export interface BridgeRequest {
  /** The issuer in use: its key is certified a second time. */
  issuer: Certificate;
  root: Certificate;
  rootKey: KeyObject;
  validForMs: number;
  now?: Date;
}

/**
 * The bridge certificate: the public key of the issuer in use, under the new root. Subject, key and subject key id are
 * those of the issuer byte for byte, because Go and webpki compare names so; the old root's key is not needed. It never
 * outlives its root.
 */
export function createBridge({ issuer, root, rootKey, validForMs, now = new Date() }: BridgeRequest): Certificate {
  return issue({
    subjectDer: issuer.subjectDer,
    ...underRoot(root, rootKey, validForMs, now),
    publicKeyDer: issuer.publicKeyDer,
    extensions: [
      basicConstraints(0),
      keyUsage(),
      ...(issuer.subjectKeyId ? [subjectKeyId(issuer.subjectKeyId)] : []),
      authorityKeyId(root.subjectKeyId ?? keyId(root.publicKeyDer)),
      ...(issuer.dnsNames.length > 0 ? [dnsName(...issuer.dnsNames)] : []),
    ],
  });
}

export interface CrossRequest {
  /** The root whose key is certified by another. */
  root: Certificate;
  by: Certificate;
  byKey: KeyObject;
}

/**
 * A root's key, certified by another root: whoever trusts only that one verifies what the root has signed. Names and times are
 * the root's own, so that whoever plans by them sees no difference.
 */
export function createCross({ root, by, byKey }: CrossRequest): Certificate {
  return issue({
    subjectDer: root.subjectDer,
    issuerDer: by.subjectDer,
    signingKey: byKey,
    notBefore: root.notBefore,
    notAfter: root.notAfter,
    publicKeyDer: root.publicKeyDer,
    extensions: [
      basicConstraints(1),
      keyUsage(),
      subjectKeyId(root.subjectKeyId ?? keyId(root.publicKeyDer)),
      authorityKeyId(by.subjectKeyId ?? keyId(by.publicKeyDer)),
    ],
  });
}

export interface CertificateRequest {
  subjectDer: Buffer;
  issuerDer: Buffer;
  publicKeyDer: Buffer;
  signingKey: KeyObject;
  notBefore: Date;
  notAfter: Date;
  extensions: Asn1[];
}

/** Encodes and signs a version 3 certificate from parts given as DER, so that names keep their bytes. */
export function issue(request: CertificateRequest): Certificate {
  const rsa = request.signingKey.asymmetricKeyType === 'rsa';
  const algorithm = sequence(
    oid(rsa ? SHA256_WITH_RSA : ECDSA_WITH_SHA256),
    ...(rsa ? [node(asn1.Type.NULL, '')] : []),
  );
  const tbs = sequence(
    context(0, [integer(String.fromCharCode(2))]),
    integer(serialNumber()),
    algorithm,
    fromDer(request.issuerDer),
    sequence(time(request.notBefore), time(request.notAfter)),
    fromDer(request.subjectDer),
    fromDer(request.publicKeyDer),
    context(3, [sequence(...request.extensions)]),
  );
  const signature = sign('sha256', toDer(tbs), { key: request.signingKey, dsaEncoding: 'der' });
  const bits = node(asn1.Type.BITSTRING, `\0${signature.toString('binary')}`);
  return parseCertificate(toDer(sequence(tbs, algorithm, bits)));
}

export function basicConstraints(pathLength: number): Asn1 {
  return extension(
    '2.5.29.19',
    true,
    sequence(node(asn1.Type.BOOLEAN, '\xff'), integer(String.fromCharCode(pathLength))),
  );
}

/** keyCertSign and cRLSign. */
export function keyUsage(): Asn1 {
  return extension('2.5.29.15', true, node(asn1.Type.BITSTRING, '\x01\x06'));
}

export function subjectKeyId(id: Buffer): Asn1 {
  return extension('2.5.29.14', false, node(asn1.Type.OCTETSTRING, id.toString('binary')));
}

export function authorityKeyId(id: Buffer): Asn1 {
  return extension('2.5.29.35', false, sequence(context(0, id.toString('binary'))));
}

export function dnsName(...names: string[]): Asn1 {
  return extension('2.5.29.17', false, sequence(...names.map((name) => context(2, name))));
}

export function encodeName(commonName: string): Buffer {
  const value = node(asn1.Type.UTF8, Buffer.from(commonName, 'utf8').toString('binary'));
  return toDer(sequence(asn1.create(UNIVERSAL, asn1.Type.SET, true, [sequence(oid('2.5.4.3'), value)])));
}

export function spki(key: KeyObject): Buffer {
  return createPublicKey(key).export({ type: 'spki', format: 'der' });
}

/** SHA-1 of the public key's bits (RFC 5280 section 4.2.1.2, method 1). */
export function keyId(publicKeyDer: Buffer): Buffer {
  const [, bits] = fromDer(publicKeyDer).value as Asn1[];
  const value = Buffer.from(bits?.value as string, 'binary').subarray(1);
  return createHash('sha1').update(value).digest();
}

function fromDer(der: Buffer): Asn1 {
  // BIT STRINGs stay undecoded: an EC point looks like nested ASN.1 once in 256 keys
  return asn1.fromDer(der.toString('binary'), { decodeBitStrings: false, parseAllBytes: true } as never);
}

function toDer(value: Asn1): Buffer {
  return Buffer.from(asn1.toDer(value).getBytes(), 'binary');
}

function extension(id: string, critical: boolean, value: Asn1): Asn1 {
  const flag = critical ? [node(asn1.Type.BOOLEAN, '\xff')] : [];
  return sequence(oid(id), ...flag, node(asn1.Type.OCTETSTRING, toDer(value).toString('binary')));
}

/** 16 random bytes of which the first is 0x40 to 0x7f: positive and minimal DER. */
function serialNumber(): string {
  const bytes = randomBytes(16);
  bytes[0] = ((bytes[0] ?? 0) & 0x3f) | 0x40;
  return bytes.toString('binary');
}

/** UTCTime through 2049, GeneralizedTime from 2050 (RFC 5280 section 4.1.2.5). */
function time(date: Date): Asn1 {
  return date.getUTCFullYear() < 2050
    ? node(asn1.Type.UTCTIME, asn1.dateToUtcTime(date))
    : node(asn1.Type.GENERALIZEDTIME, asn1.dateToGeneralizedTime(date));
}

function earlier(a: Date, b: Date): Date {
  return a.getTime() < b.getTime() ? a : b;
}

function sequence(...items: Asn1[]): Asn1 {
  return asn1.create(UNIVERSAL, asn1.Type.SEQUENCE, true, items);
}

function node(type: forge.asn1.Type, value: string): Asn1 {
  return asn1.create(UNIVERSAL, type, false, value);
}

function integer(bytes: string): Asn1 {
  return node(asn1.Type.INTEGER, bytes);
}

function oid(id: string): Asn1 {
  return node(asn1.Type.OID, asn1.oidToDer(id).getBytes());
}

function context(tag: number, value: Asn1[] | string): Asn1 {
  return asn1.create(CONTEXT_SPECIFIC, tag, Array.isArray(value), value);
}
