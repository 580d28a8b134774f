import { createPublicKey, generateKeyPairSync, type KeyObject, sign, constants } from 'node:crypto';
import forge from 'node-forge';

/** DER by hand: certificates as no library makes them. */

export function tlv(tag: number, ...parts: (Buffer | string)[]): Buffer {
  const content = Buffer.concat(parts.map((part) => (typeof part === 'string' ? Buffer.from(part, 'latin1') : part)));
  return Buffer.concat([Buffer.from([tag]), lengthOf(content.length), content]);
}

function lengthOf(length: number): Buffer {
  if (length < 0x80) return Buffer.from([length]);
  return length < 0x100 ? Buffer.from([0x81, length]) : Buffer.from([0x82, length >> 8, length & 0xff]);
}

export const sequence = (...parts: Buffer[]) => tlv(0x30, ...parts);
export const set = (...parts: Buffer[]) => tlv(0x31, ...parts);
export const integer = (...bytes: number[]) => tlv(0x02, Buffer.from(bytes));
export const octets = (...parts: Buffer[]) => tlv(0x04, ...parts);
export const bitString = (value: Buffer, padding = 0) => tlv(0x03, Buffer.from([padding]), value);
export const boolean = (value: number) => tlv(0x01, Buffer.from([value]));
export const utf8 = (text: string) => tlv(0x0c, Buffer.from(text, 'utf8'));
export const printable = (text: string) => tlv(0x13, text);
export const utcTime = (text: string) => tlv(0x17, text);
export const generalizedTime = (text: string) => tlv(0x18, text);
export const NULL = tlv(0x05);
export const oid = (id: string) => tlv(0x06, forge.asn1.oidToDer(id).getBytes());

/** A name of one common name, in whatever string type. */
export const nameOf = (value: Buffer) => sequence(set(sequence(oid('2.5.4.3'), value)));
export const named = (text: string) => nameOf(utf8(text));

export const extension = (id: string, value: Buffer, critical?: number) =>
  sequence(oid(id), ...(critical === undefined ? [] : [boolean(critical)]), octets(value));

const TRUE = 0xff;
export const ca = (pathLength?: number) =>
  extension('2.5.29.19', sequence(boolean(TRUE), ...(pathLength === undefined ? [] : [integer(pathLength)])), TRUE);
export const keyUsage = (bits = 0x06) => extension('2.5.29.15', bitString(Buffer.from([bits]), 1), TRUE);
export const purposes = (...ids: string[]) => extension('2.5.29.37', sequence(...ids.map(oid)));
export const dnsNames = (...names: string[]) =>
  extension('2.5.29.17', sequence(...names.map((name) => tlv(0x82, name))));
export const constraints = (
  { permitted = [], excluded = [] }: { permitted?: Buffer[]; excluded?: Buffer[] },
  critical = TRUE,
) => {
  const trees = (tag: number, bases: Buffer[]) =>
    bases.length > 0 ? [tlv(tag, ...bases.map((base) => sequence(base)))] : [];
  return extension('2.5.29.30', sequence(...trees(0xa0, permitted), ...trees(0xa1, excluded)), critical);
};
export const dns = (name: string) => tlv(0x82, name);

export const newKey = (namedCurve = 'prime256v1') => generateKeyPairSync('ec', { namedCurve }).privateKey;
export const rsaKey = (modulusLength: number) => generateKeyPairSync('rsa', { modulusLength }).privateKey;
export const edKey = () => generateKeyPairSync('ed25519').privateKey;
export const spkiOf = (key: KeyObject) => createPublicKey(key).export({ type: 'spki', format: 'der' });

/** How something is signed: what the certificate says, and what is done. */
export interface Signing {
  algorithm: Buffer;
  sign(tbs: Buffer, key: KeyObject): Buffer;
}

const by = (id: string, digest: string | null, ...parameters: Buffer[]): Signing => ({
  algorithm: sequence(oid(id), ...parameters),
  sign: (tbs, key) => sign(digest, tbs, key),
});

const sha = (id: string) => sequence(oid(`2.16.840.1.101.3.4.2.${id}`), NULL);
const PSS = [tlv(0xa0, sha('1')), tlv(0xa1, sequence(oid('1.2.840.113549.1.1.8'), sha('1'))), tlv(0xa2, integer(32))];

export const SIGNING = {
  ecdsaSha1: by('1.2.840.10045.4.1', 'sha1'),
  ecdsa: by('1.2.840.10045.4.3.2', 'sha256'),
  ecdsaSha384: by('1.2.840.10045.4.3.3', 'sha384'),
  ecdsaSha512: by('1.2.840.10045.4.3.4', 'sha512'),
  rsaMd5: by('1.2.840.113549.1.1.4', 'md5', NULL),
  rsaSha1: by('1.2.840.113549.1.1.5', 'sha1', NULL),
  rsa: by('1.2.840.113549.1.1.11', 'sha256', NULL),
  rsaSha512: by('1.2.840.113549.1.1.13', 'sha512', NULL),
  ed25519: by('1.3.101.112', null),
  pss: {
    algorithm: sequence(oid('1.2.840.113549.1.1.10'), sequence(...PSS)),
    sign: (tbs: Buffer, key: KeyObject) =>
      sign('sha256', tbs, { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 }),
  },
} as const;

export interface Parts {
  version?: Buffer | undefined;
  serial?: Buffer;
  signing?: Signing;
  outerAlgorithm?: Buffer;
  issuer?: Buffer;
  validity?: [Buffer, Buffer];
  subject?: Buffer;
  key?: KeyObject;
  spki?: Buffer;
  signer?: KeyObject;
  /** Between key and extensions. */
  between?: Buffer[];
  extensions?: Buffer[] | undefined;
  /** After the extensions. */
  behind?: Buffer[];
  signature?: Buffer;
}

export const V3 = tlv(0xa0, integer(2));
const VALID: [Buffer, Buffer] = [utcTime('200101000000Z'), utcTime('491231235959Z')];
const ROOT = newKey();

/** A P-256 root, but for the parts that are given; signed by its own key unless another is. */
export function certificate(parts: Parts = {}): Buffer {
  const key = parts.key ?? ROOT;
  const { signing = SIGNING.ecdsa, subject = named('root'), version = V3, extensions = [ca(), keyUsage()] } = parts;
  const tbs = sequence(
    ...('version' in parts && parts.version === undefined ? [] : [version]),
    parts.serial ?? integer(1),
    signing.algorithm,
    parts.issuer ?? subject,
    sequence(...(parts.validity ?? VALID)),
    subject,
    parts.spki ?? spkiOf(key),
    ...(parts.between ?? []),
    ...('extensions' in parts && parts.extensions === undefined ? [] : [tlv(0xa3, sequence(...extensions))]),
    ...(parts.behind ?? []),
  );
  const signature = parts.signature ?? bitString(signing.sign(tbs, parts.signer ?? key));
  return sequence(tbs, parts.outerAlgorithm ?? signing.algorithm, signature);
}

export function pem(der: Buffer, label = 'CERTIFICATE', newline = '\n'): string {
  const lines = der.toString('base64').match(/.{1,64}/g) ?? [];
  return [`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`, ''].join(newline);
}
