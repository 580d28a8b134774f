import { generateKeyPairSync, type KeyObject, randomBytes } from 'node:crypto';
import {
  basicConstraints,
  createIssuer,
  createRoot,
  dnsName,
  encodeName,
  issue,
  type Issued,
  keyUsage,
  spki,
} from '../../src/pki/issue.js';
import { generateKey } from '../../src/pki/key.js';
import { type Asn1, extension, oid, primitive, purposes, sequence } from './asn1.js';
import forge from 'node-forge';

/** Certificates that a tenant can make, and some that identity would have to sign for him. */

export const DAY_MS = 86_400_000;
export const IDENTITY = 'web.shop.serviceaccount.identity.linkerd.cluster.local';

export interface Mesh {
  root: Issued;
  issuer: Issued;
}

export function createMesh(): Mesh {
  const root = createRoot({ commonName: 'root.linkerd.cluster.local', validForMs: 30 * DAY_MS });
  const issuer = createIssuer({
    root: root.certificate,
    rootKey: root.privateKey,
    commonName: 'identity.linkerd.cluster.local',
    validForMs: 10 * DAY_MS,
  });
  return { root, issuer };
}

export interface Made {
  subject?: string;
  issuer?: Buffer;
  key?: KeyObject;
  publicKeyDer?: Buffer;
  signer?: KeyObject;
  extensions?: Asn1[];
  notAfter?: Date;
}

/** A certificate of these parts; signed by its own key unless said otherwise. */
export function make({ subject = 'x', key = generateKey(), ...rest }: Made): Issued {
  const certificate = issue({
    subjectDer: encodeName(subject),
    issuerDer: rest.issuer ?? encodeName(subject),
    publicKeyDer: rest.publicKeyDer ?? spki(key),
    signingKey: rest.signer ?? key,
    notBefore: new Date(Date.now() - 60_000),
    notAfter: rest.notAfter ?? new Date(Date.now() + DAY_MS),
    extensions: rest.extensions ?? [dnsName(IDENTITY)],
  });
  return { certificate, privateKey: key };
}

/** A leaf that identity has signed. */
export function leafOf({ issuer }: Mesh, change: Made = {}): Issued {
  return make({
    subject: IDENTITY,
    issuer: issuer.certificate.subjectDer,
    signer: issuer.privateKey,
    ...change,
  });
}

/** As many CA certificates of one name and one key, which have all signed each other, with the name of a root. */
export function looped(count: number, { root }: Mesh): Issued[] {
  const key = generateKey();
  const name = root.certificate.commonName;
  const { subjectDer } = root.certificate;
  const cas = Array.from({ length: count }, () => make({ ...caOf(name), issuer: subjectDer, key }));
  return [make({ subject: IDENTITY, issuer: subjectDer, signer: key }), ...cas];
}

/** CA certificates of one name and as many keys, each of which has signed the next. */
export function entangled(count: number, { root }: Mesh): Issued[] {
  const keys = Array.from({ length: count }, p384);
  const { subjectDer, commonName } = root.certificate;
  const cas = keys.map((key, at) =>
    make({ ...caOf(commonName), issuer: subjectDer, key, signer: keys[(at + 1) % count] ?? key }),
  );
  return [make({ subject: IDENTITY, issuer: subjectDer, signer: keys[0] ?? generateKey() }), ...cas];
}

/** A chain of CA certificates with keys of this kind, one under the other, that leads nowhere. */
export function ladder(count: number, newKey: () => KeyObject): Issued[] {
  const keys = Array.from({ length: count }, newKey);
  const signer = (at: number) => ({
    issuer: encodeName(`ca-${at}`),
    signer: keys[Math.min(at, count - 1)] ?? newKey(),
  });
  const cas = keys.map((key, at) => make({ ...caOf(`ca-${at}`), ...signer(at + 1), key }));
  return [make({ subject: IDENTITY, ...signer(0) }), ...cas];
}

function caOf(subject: string): Made {
  return { subject, extensions: [basicConstraints(100), keyUsage()] };
}

export const p384 = () => generateKeyPairSync('ec', { namedCurve: 'secp384r1' }).privateKey;
export const binaryCurve = () => generateKeyPairSync('ec', { namedCurve: 'sect571r1' }).privateKey;

/** The public key of an RSA key that nobody has: of any size, with any exponent. */
export function rsaKeyDer(bits: number, exponentBits: number): Buffer {
  const odd = (size: number) => {
    const bytes = randomBytes(size / 8);
    bytes[0] = 0x7f;
    bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) | 1;
    return primitive(forge.asn1.Type.INTEGER, bytes.toString('binary'));
  };
  const key = forge.asn1.toDer(sequence(odd(bits), odd(exponentBits))).getBytes();
  const algorithm = sequence(oid('1.2.840.113549.1.1.1'), primitive(forge.asn1.Type.NULL, ''));
  const der = sequence(algorithm, primitive(forge.asn1.Type.BITSTRING, `\0${key}`));
  return Buffer.from(forge.asn1.toDer(der).getBytes(), 'binary');
}

export const dsaKeyDer = () =>
  generateKeyPairSync('dsa', { modulusLength: 1024, divisorLength: 160 }).publicKey.export({
    type: 'spki',
    format: 'der',
  });
export const otherCurveDer = () => spki(generateKeyPairSync('ec', { namedCurve: 'secp256k1' }).privateKey);

/** An extension value that is nested as deep as its length allows. */
export function deep(bytes: number): string {
  let value = '';
  const parts: string[] = [];
  for (let length = 0; length < bytes; length = value.length + parts.reduce((sum, { length: size }) => sum + size, 0)) {
    parts.push(header(length));
    value = '';
  }
  return parts.toReversed().join('');
}

function header(length: number): string {
  if (length < 0x80) return String.fromCharCode(0x30, length);
  return String.fromCharCode(0x30, 0x82, length >> 8, length & 0xff);
}

export const manyNames = (count: number) =>
  dnsName(IDENTITY, ...Array.from({ length: count }, (_, at) => `a${at % 10}`));
export const deepName = (bytes: number) => extension('2.5.29.17', false, deep(bytes));
export { dnsName, extension, keyUsage, basicConstraints, purposes };
