import { createHash, X509Certificate } from 'node:crypto';
import forge from 'node-forge';
import { present } from '../ground/present.js';

/** A parsed certificate. Names and keys are kept as DER bytes, because Go and webpki compare them byte by byte. */
export interface Certificate {
  der: Buffer;
  /** Canonical: LF line ends, one final newline. */
  pem: string;
  /** SHA-256 of the DER, 64 lower-case hex digits: what certificates are compared by. */
  fingerprint: string;
  x509: X509Certificate;
  commonName: string;
  subjectDer: Buffer;
  issuerDer: Buffer;
  /** SubjectPublicKeyInfo. */
  publicKeyDer: Buffer;
  subjectKeyId?: Buffer;
  authorityKeyId?: Buffer;
  serial: string;
  notBefore: Date;
  notAfter: Date;
  isCa: boolean;
  /** Absent: unlimited. */
  pathLength?: number;
  /** True when there is no key usage extension, or it allows signing certificates. */
  canSignCertificates: boolean;
  dnsNames: string[];
  key: { type: 'ec'; curve: string } | { type: 'rsa'; bits: number } | { type: 'other' };
  /** OID of the signature algorithm. */
  signatureAlgorithm: string;
}

export class CertificateError extends Error {
  override readonly name = 'CertificateError';
}

const OID = {
  commonName: '2.5.4.3',
  subjectKeyId: '2.5.29.14',
  keyUsage: '2.5.29.15',
  subjectAltName: '2.5.29.17',
  basicConstraints: '2.5.29.19',
  authorityKeyId: '2.5.29.35',
} as const;

const MOST_PARSED = 5000;
const parsed = new Map<string, Certificate>();

/**
 * Parses DER; the same bytes give the same object, so that thousands of proxies with one issuer cost one parse.
 * @throws CertificateError
 */
export function parseCertificate(der: Buffer): Certificate {
  const fingerprint = createHash('sha256').update(der).digest('hex');
  const known = parsed.get(fingerprint);
  if (known) return known;
  const certificate = parse(der, fingerprint);
  if (parsed.size >= MOST_PARSED) parsed.clear();
  parsed.set(fingerprint, certificate);
  return certificate;
}

/** @throws CertificateError when the text is not one certificate */
export function parseCertificatePem(pem: string): Certificate {
  const body = /-----BEGIN CERTIFICATE-----([A-Za-z0-9+/=\s]+)-----END CERTIFICATE-----/.exec(pem)?.[1];
  if (!body) throw new CertificateError('no certificate in the text');
  return parseCertificate(Buffer.from(body, 'base64'));
}

export function toPem(der: Buffer): string {
  const lines = der.toString('base64').match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`;
}

function parse(der: Buffer, fingerprint: string): Certificate {
  try {
    const x509 = new X509Certificate(der);
    if (x509.raw.length !== der.length) throw new CertificateError('bytes after the certificate');
    const fields = tbsFields(der);
    const extensions = readExtensions(fields.extensions);
    const { notBefore, notAfter } = fields;
    return {
      der,
      pem: toPem(der),
      fingerprint,
      x509,
      commonName: commonNameOf(fields.subject),
      subjectDer: toDer(fields.subject),
      issuerDer: toDer(fields.issuer),
      publicKeyDer: toDer(fields.publicKey),
      serial: x509.serialNumber.toLowerCase(),
      notBefore,
      notAfter,
      key: keyKind(x509),
      signatureAlgorithm: fields.signatureAlgorithm,
      ...extensions,
    };
  } catch (error) {
    if (error instanceof CertificateError) throw error;
    throw new CertificateError(`not a certificate: ${error instanceof Error ? error.message : String(error)}`);
  }
}

type Asn1 = forge.asn1.Asn1;

/**
 * The TBSCertificate's fields of RFC 5280 section 4.1, left as they are. BIT STRINGs stay undecoded: an EC point looks
 * like nested ASN.1 once in 256 keys.
 */
function tbsFields(der: Buffer) {
  const certificate = fromDer(der);
  const tbs = children(child(certificate, 0));
  const at = tbs[0]?.tagClass === forge.asn1.Class.CONTEXT_SPECIFIC ? 1 : 0;
  const [, algorithm, issuer, validity, subject, publicKey, ...rest] = tbs.slice(at);
  if (!algorithm || !issuer || !validity || !subject || !publicKey) throw new CertificateError('fields are missing');
  const extensions = rest.find((part) => part.tagClass === forge.asn1.Class.CONTEXT_SPECIFIC && tagOf(part) === 3);
  return {
    issuer,
    subject,
    publicKey,
    notBefore: readTime(child(validity, 0)),
    notAfter: readTime(child(validity, 1)),
    signatureAlgorithm: forge.asn1.derToOid(text(child(child(certificate, 1), 0))),
    extensions: extensions ? children(child(extensions, 0)) : [],
  };
}

/** keyCertSign of RFC 5280 section 4.2.1.3: bit 5 of the BIT STRING, in the byte after the count of unused bits. */
const KEY_CERT_SIGN = 0x04;

function readExtensions(extensions: Asn1[]) {
  const values = extensionValues(extensions);
  const usage = values.get(OID.keyUsage);
  const subjectKeyId = values.get(OID.subjectKeyId);
  const names = values.get(OID.subjectAltName);
  return {
    ...readConstraints(values.get(OID.basicConstraints)),
    canSignCertificates: usage ? (text(usage).charCodeAt(1) & KEY_CERT_SIGN) !== 0 : true,
    dnsNames: names ? tagged(names, 2).map(text) : [],
    ...present({
      subjectKeyId: subjectKeyId && bytes(subjectKeyId),
      authorityKeyId: readAuthorityKeyId(values.get(OID.authorityKeyId)),
    }),
  };
}

function extensionValues(extensions: Asn1[]): Map<string, Asn1> {
  const values = new Map<string, Asn1>();
  for (const extension of extensions) {
    const [id, ...rest] = children(extension);
    const value = rest.at(-1); // whether it is critical may stand in between
    if (id && value) values.set(forge.asn1.derToOid(text(id)), fromDer(bytes(value)));
  }
  return values;
}

function readConstraints(constraints: Asn1 | undefined): Pick<Certificate, 'isCa' | 'pathLength'> {
  const parts = constraints ? children(constraints) : [];
  const pathLength = parts.find(({ type }) => type === forge.asn1.Type.INTEGER);
  return {
    isCa: parts.some(({ type, value }) => type === forge.asn1.Type.BOOLEAN && value !== '\0'),
    ...(pathLength ? { pathLength: Number.parseInt(forge.util.bytesToHex(text(pathLength)), 16) } : {}),
  };
}

function readAuthorityKeyId(value: Asn1 | undefined): Buffer | undefined {
  const [id] = value ? tagged(value, 0) : [];
  return id && bytes(id);
}

function commonNameOf(name: Asn1): string {
  for (const set of children(name)) {
    for (const attribute of children(set)) {
      const [id, value] = children(attribute);
      if (id && value && forge.asn1.derToOid(text(id)) === OID.commonName) {
        return value.type === forge.asn1.Type.UTF8 ? bytes(value).toString('utf8') : text(value);
      }
    }
  }
  return '';
}

function keyKind({ publicKey }: X509Certificate): Certificate['key'] {
  const { asymmetricKeyType: type, asymmetricKeyDetails: details } = publicKey;
  if (type === 'ec') return { type: 'ec', curve: details?.namedCurve ?? '' };
  if (type === 'rsa') return { type: 'rsa', bits: details?.modulusLength ?? 0 };
  return { type: 'other' };
}

function readTime(node: Asn1): Date {
  return node.type === forge.asn1.Type.UTCTIME
    ? forge.asn1.utcTimeToDate(text(node))
    : forge.asn1.generalizedTimeToDate(text(node));
}

export function fromDer(der: Buffer): Asn1 {
  return forge.asn1.fromDer(der.toString('binary'), { decodeBitStrings: false, parseAllBytes: true } as never);
}

export function toDer(node: Asn1): Buffer {
  return Buffer.from(forge.asn1.toDer(node).getBytes(), 'binary');
}

function children(node: Asn1): Asn1[] {
  if (!Array.isArray(node.value)) throw new CertificateError('unexpected ASN.1');
  return node.value;
}

function child(node: Asn1, index: number): Asn1 {
  const found = children(node)[index];
  if (!found) throw new CertificateError('unexpected ASN.1');
  return found;
}

/** Those of the parts with a context-specific tag. */
function tagged(node: Asn1, tag: number): Asn1[] {
  return children(node).filter((part) => tagOf(part) === tag);
}

/** The number of a tag, which is of a universal type only where its class says so. */
function tagOf({ type }: Asn1): number {
  return type;
}

function bytes(node: Asn1): Buffer {
  return Buffer.from(text(node), 'binary');
}

function text(node: Asn1): string {
  if (typeof node.value !== 'string') throw new CertificateError('unexpected ASN.1');
  return node.value;
}
