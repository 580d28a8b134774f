import { present } from '../ground/present.js';
import {
  CertificateError,
  contextTag,
  type Der,
  expect,
  partsOf,
  readDer,
  readOid,
  readSmallInteger,
  TAG,
} from './der.js';
import { type NameConstraints, readNameConstraints } from './name-constraints.js';

/** What the extensions of a certificate (RFC 5280 section 4.2) say. */
export interface Extensions {
  isCa: boolean;
  /** Absent: unlimited. */
  pathLength?: number;
  /** True when there is no key usage extension, or it allows signing certificates. */
  canSignCertificates: boolean;
  dnsNames: string[];
  subjectKeyId?: Buffer;
  authorityKeyId?: Buffer;
  /** OIDs of what it may be used for; absent: anything. */
  purposes?: string[];
  nameConstraints?: NameConstraints;
  /** OIDs of critical extensions that proxies do not know: they refuse the certificate. */
  unknownCritical: string[];
  /** One of the extensions is there twice, which Go and webpki refuse. */
  repeated: boolean;
}

const OID = {
  subjectKeyId: '2.5.29.14',
  keyUsage: '2.5.29.15',
  subjectAltName: '2.5.29.17',
  basicConstraints: '2.5.29.19',
  nameConstraints: '2.5.29.30',
  authorityKeyId: '2.5.29.35',
  extendedKeyUsage: '2.5.29.37',
} as const;

/** Those that webpki takes although they are critical (webpki src/cert.rs `remember_extension`). */
const TAKEN_WHEN_CRITICAL: readonly string[] = [
  OID.keyUsage,
  OID.subjectAltName,
  OID.basicConstraints,
  OID.nameConstraints,
  OID.extendedKeyUsage,
];

/** keyCertSign of RFC 5280 section 4.2.1.3: bit 5 of the BIT STRING, in the byte after the count of unused bits. */
const KEY_CERT_SIGN = 0x04;

/**
 * @param extensions the SEQUENCE of them; absent: there are none
 * @throws CertificateError
 */
export function readExtensions(extensions: Der | undefined): Extensions {
  const values = new Map<string, Buffer>();
  const unknownCritical: string[] = [];
  let repeated = false;
  for (const extension of extensions ? partsOf(extensions) : []) {
    const { id, critical, value } = readExtension(extension);
    repeated ||= values.has(id);
    if (critical && !TAKEN_WHEN_CRITICAL.includes(id)) unknownCritical.push(id);
    values.set(id, value);
  }
  const read = <T>(id: string, as: (value: Buffer) => T): T | undefined => {
    const value = values.get(id);
    return value && as(value);
  };
  return {
    ...(read(OID.basicConstraints, readBasicConstraints) ?? { isCa: false }),
    canSignCertificates: read(OID.keyUsage, readKeyUsage) ?? true,
    dnsNames: read(OID.subjectAltName, readDnsNames) ?? [],
    unknownCritical,
    repeated,
    ...present({
      subjectKeyId: read(OID.subjectKeyId, (value) => readDer(value, TAG.octetString).content),
      authorityKeyId: read(OID.authorityKeyId, readAuthorityKeyId),
      purposes: read(OID.extendedKeyUsage, (value) => sequence(value).map(readOid)),
      nameConstraints: read(OID.nameConstraints, (value) => readNameConstraints(readDer(value, TAG.sequence))),
    }),
  };
}

function readExtension(extension: Der): { id: string; critical: boolean; value: Buffer } {
  const [id, ...rest] = partsOf(expect(extension, TAG.sequence));
  const [critical] = rest.length > 1 ? rest : [];
  if (rest.length > 2) throw new CertificateError('unexpected ASN.1');
  return {
    id: readOid(id),
    critical: critical !== undefined && isTrue(expect(critical, TAG.boolean)),
    value: expect(rest.at(-1), TAG.octetString).content,
  };
}

function readBasicConstraints(value: Buffer): Pick<Extensions, 'isCa' | 'pathLength'> {
  const parts = sequence(value);
  const pathLength = parts.find(({ tag }) => tag === TAG.integer);
  return {
    isCa: parts.some((part) => part.tag === TAG.boolean && isTrue(part)),
    ...(pathLength ? { pathLength: readSmallInteger(pathLength) } : {}),
  };
}

function readKeyUsage(value: Buffer): boolean {
  const [, bits = 0] = readDer(value, TAG.bitString).content;
  return (bits & KEY_CERT_SIGN) !== 0;
}

function readDnsNames(value: Buffer): string[] {
  const names = sequence(value).filter(({ tag }) => tag === contextTag(2, 'primitive'));
  return names.map(({ content }) => content.toString('latin1'));
}

function readAuthorityKeyId(value: Buffer): Buffer | undefined {
  return sequence(value).find(({ tag }) => tag === contextTag(0, 'primitive'))?.content;
}

function sequence(value: Buffer): Der[] {
  return partsOf(readDer(value, TAG.sequence));
}

function isTrue({ content }: Der): boolean {
  return content.some((byte) => byte !== 0);
}
