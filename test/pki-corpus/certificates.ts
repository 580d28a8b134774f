import {
  bitString,
  boolean,
  ca,
  certificate,
  constraints,
  dns,
  dnsNames,
  edKey,
  extension,
  generalizedTime,
  integer,
  keyUsage,
  nameOf,
  newKey,
  NULL,
  octets,
  oid,
  type Parts,
  printable,
  purposes,
  rsaKey,
  sequence,
  set,
  SIGNING,
  spkiOf,
  tlv,
  utcTime,
  utf8,
} from './der.js';

/** Certificates that are odd in one way; each a file of one PEM block. */
export interface Odd {
  der: Buffer;
  /** Why reroot says otherwise than Go, where that is meant. */
  differs?: string;
}

const key = newKey();
const sound = certificate();
const rsa = rsaKey(2048);
const rsaSpki = (algorithm: Buffer, bytes: Buffer) => sequence(algorithm, bitString(bytes));
const RSA = oid('1.2.840.113549.1.1.1');
const EC = oid('1.2.840.10045.2.1');
const P256 = oid('1.2.840.10045.3.1.7');
const point = spkiOf(key).subarray(-65);
const GOOD = utcTime('300101000000Z');
const from = (time: Buffer): Parts => ({ validity: [time, utcTime('490101000000Z')] });
const withExtension = (...more: Buffer[]): Parts => ({ extensions: [ca(), keyUsage(), ...more] });
const IP = (...bytes: number[]) => tlv(0x87, Buffer.from(bytes));

const PROXIES = 'proxies refuse it (webpki), and so does OpenSSL, which checks signatures for reroot';

const PARTS: Record<string, Parts & { differs?: string }> = {
  // keys and signatures
  'P-224': { key: newKey('secp224r1') },
  'P-384': { key: newKey('secp384r1'), signing: SIGNING.ecdsaSha384 },
  'P-521': { key: newKey('secp521r1'), signing: SIGNING.ecdsaSha512 },
  secp256k1: { key: newKey('secp256k1') },
  Ed25519: { key: edKey(), signing: SIGNING.ed25519 },
  'RSA 1024': { key: rsaKey(1024), signing: SIGNING.rsa },
  'RSA 2048': { key: rsa, signing: SIGNING.rsa },
  'RSA 3072': { key: rsaKey(3072), signing: SIGNING.rsa },
  'RSA-PSS': { key: rsa, signing: SIGNING.pss },
  'signed with MD5': { key: rsa, signing: SIGNING.rsaMd5 },
  'signed with SHA-1': { key: rsa, signing: SIGNING.rsaSha1 },
  'ECDSA with SHA-1': { signing: SIGNING.ecdsaSha1 },
  'an algorithm that nobody knows': { signing: { ...SIGNING.ecdsa, algorithm: sequence(oid('1.2.3.4')) } },
  'two different algorithms': { outerAlgorithm: SIGNING.ecdsaSha384.algorithm },
  'a signature of no bytes': { signature: bitString(Buffer.alloc(0)) },
  'a signature with bits left over': { signature: bitString(Buffer.from([0xff]), 3) },
  'a signature that is no signature': { signature: bitString(Buffer.from([0])) },
  'RSA without NULL': { key: rsa, signing: SIGNING.rsa, spki: rsaSpki(sequence(RSA), spkiOf(rsa).subarray(24)) },
  'RSA with a negative modulus': {
    spki: rsaSpki(sequence(RSA, NULL), sequence(integer(0x80, 1), integer(3))),
  },
  'RSA with an exponent of zero': {
    spki: rsaSpki(sequence(RSA, NULL), sequence(integer(0x7f, 1), integer(0))),
  },
  'RSA with an exponent of 65 bits': {
    spki: rsaSpki(sequence(RSA, NULL), sequence(integer(0x7f, 1), integer(1, 0, 0, 0, 0, 0, 0, 0, 1))),
  },
  'a point that is not on its curve': {
    spki: sequence(
      sequence(EC, P256),
      bitString(Buffer.concat([point.subarray(0, 64), Buffer.from([(point[64] ?? 0) ^ 1])])),
    ),
  },
  'a compressed point': {
    spki: sequence(
      sequence(EC, P256),
      bitString(Buffer.concat([Buffer.from([2 + ((point[64] ?? 0) & 1)]), point.subarray(1, 33)])),
    ),
  },
  'a point that is moved by a bit': {
    spki: sequence(sequence(EC, P256), bitString(evenPoint(), 1)),
  },
  'an EC key without a curve': { spki: sequence(sequence(EC), bitString(point)) },
  'Ed25519 with parameters': {
    spki: sequence(sequence(oid('1.3.101.112'), NULL), bitString(Buffer.alloc(32, 1))),
  },
  'Ed25519 of 31 bytes': { spki: sequence(sequence(oid('1.3.101.112')), bitString(Buffer.alloc(31, 1))) },
  'a key that nobody knows': { spki: sequence(sequence(oid('1.2.3.4')), bitString(Buffer.from([1]))) },
  // versions and serials
  'version 1': { version: undefined, extensions: undefined },
  'version 1, said': { version: tlv(0xa0, integer(0)), extensions: undefined },
  'version 1 with extensions': { version: undefined },
  'version 2': { version: tlv(0xa0, integer(1)), extensions: undefined },
  'version 4': { version: tlv(0xa0, integer(3)) },
  'version -1': { version: tlv(0xa0, integer(0xff)) },
  'version 3 without extensions': { extensions: undefined },
  'something behind the version': { version: tlv(0xa0, integer(2), NULL) },
  'a serial of zero': { serial: integer(0) },
  'a negative serial': { serial: integer(0xff, 0) },
  'a serial of 40 bytes': { serial: integer(...Array.from({ length: 40 }, () => 0x41)) },
  'a serial that is not minimal': { serial: integer(0, 1) },
  'a serial of no bytes': { serial: integer() },
  'unique ids': { between: [tlv(0x81, '\0a'), tlv(0x82, '\0b')] },
  'something behind the extensions': { behind: [NULL], differs: PROXIES },
  // names
  'an empty subject': { subject: sequence() },
  'an empty set in a name': { subject: sequence(set()) },
  PrintableString: { subject: nameOf(printable('root')) },
  'PrintableString with an at sign': { subject: nameOf(printable('root@example.org')) },
  'PrintableString with an asterisk': { subject: nameOf(printable('*.example.org')) },
  'UTF8String that is none': { subject: nameOf(tlv(0x0c, '\xff\xfe')) },
  T61String: { subject: nameOf(tlv(0x14, 'r\xf6\xf6t')) },
  BMPString: { subject: nameOf(tlv(0x1e, '\0r\0t')) },
  'BMPString of an odd length': { subject: nameOf(tlv(0x1e, '\0r\0')) },
  'BMPString with a surrogate': { subject: nameOf(tlv(0x1e, '\xd8\x00')) },
  IA5String: { subject: nameOf(tlv(0x16, 'root')) },
  'IA5String that is none': { subject: nameOf(tlv(0x16, 'r\xf6\xf6t')) },
  NumericString: { subject: nameOf(tlv(0x12, '12 3')) },
  'NumericString of letters': { subject: nameOf(tlv(0x12, 'abc')) },
  UniversalString: { subject: nameOf(tlv(0x1c, '\0\0\0r')) },
  'a name of an integer': { subject: nameOf(integer(1)) },
  'a name of a long name': { subject: nameOf(utf8('x'.repeat(2000))) },
  // times
  'GeneralizedTime before 2050': from(generalizedTime('20200101000000Z')),
  'GeneralizedTime after 2050': { validity: [utcTime('200101000000Z'), generalizedTime('20600101000000Z')] },
  'GeneralizedTime of the year 9999': { validity: [utcTime('200101000000Z'), generalizedTime('99991231235959Z')] },
  'GeneralizedTime with a fraction': from(generalizedTime('20200101000000.5Z')),
  'UTCTime of 1950': from(utcTime('500101000000Z')),
  'UTCTime without seconds': from(utcTime('2001010000Z')),
  'UTCTime of another zone': from(utcTime('200101000000+0200')),
  'UTCTime of the zone +0000': from(utcTime('200101000000+0000')),
  'UTCTime without a zone': from(utcTime('200101000000')),
  'UTCTime of the 30th of February': from(utcTime('200230000000Z')),
  'UTCTime of the hour 24': from(utcTime('200101240000Z')),
  'UTCTime of the second 60': from(utcTime('200101000060Z')),
  'a time that is text': from(utf8('200101000000Z')),
  'it ends before it begins': { validity: [utcTime('400101000000Z'), GOOD] },
  // extensions
  'an extension twice': withExtension(keyUsage()),
  'a critical one that nobody knows': withExtension(extension('1.2.3.4', NULL, 0xff)),
  'one that nobody knows': withExtension(extension('1.2.3.4', NULL)),
  'critical, said to be false': withExtension(extension('1.2.3.4', NULL, 0)),
  'critical, with another true': withExtension(extension('1.2.3.4', NULL, 1)),
  'a critical subject key id': withExtension(extension('2.5.29.14', octets(Buffer.from([1])), 0xff)),
  'a critical authority key id': withExtension(extension('2.5.29.35', sequence(tlv(0x80, 'a')), 0xff)),
  'a critical authority information access': withExtension(extension('1.3.6.1.5.5.7.1.1', sequence(), 0xff)),
  'a subject key id that is none': withExtension(extension('2.5.29.14', NULL)),
  'no basic constraints': { extensions: [keyUsage()] },
  'empty basic constraints': { extensions: [extension('2.5.29.19', sequence(), 0xff)] },
  'another true in basic constraints': { extensions: [extension('2.5.29.19', sequence(boolean(1)), 0xff)] },
  'a negative path length': { extensions: [extension('2.5.29.19', sequence(boolean(0xff), integer(0xff)), 0xff)] },
  'a path length of five bytes': {
    extensions: [extension('2.5.29.19', sequence(boolean(0xff), integer(1, 0, 0, 0, 0)), 0xff)],
    differs: PROXIES,
  },
  'a key usage of no bits': withoutUsage(extension('2.5.29.15', bitString(Buffer.alloc(0)), 0xff)),
  'a key usage that is not minimal': withoutUsage(extension('2.5.29.15', bitString(Buffer.from([6, 0]), 0), 0xff)),
  'a key usage with set bits left over': withoutUsage(extension('2.5.29.15', bitString(Buffer.from([0x07]), 1), 0xff)),
  'no extensions in their list': { extensions: [] },
  'alternative names': withExtension(dnsNames('a.example.org', '*.example.org')),
  'alternative names that are not ASCII': withExtension(dnsNames('\xe4.example.org')),
  'alternative names that are empty': withExtension(extension('2.5.29.17', sequence())),
  'an IP address of three bytes': withExtension(extension('2.5.29.17', sequence(IP(1, 2, 3)))),
  'an IP address of four bytes': withExtension(extension('2.5.29.17', sequence(IP(1, 2, 3, 4)))),
  'a URI': withExtension(extension('2.5.29.17', sequence(tlv(0x86, 'spiffe://cluster.local/x')))),
  'a URI that is none': {
    ...withExtension(extension('2.5.29.17', sequence(tlv(0x86, 'http://[')))),
    differs: 'URIs are not looked into: no certificate of Linkerd has one',
  },
  'name constraints': withExtension(constraints({ permitted: [dns('cluster.local')] })),
  'name constraints that begin with a dot': withExtension(constraints({ permitted: [dns('.cluster.local')] })),
  'name constraints that end with a dot': withExtension(constraints({ permitted: [dns('cluster.local.')] })),
  'name constraints with two dots': withExtension(constraints({ permitted: [dns('cluster..local')] })),
  'name constraints of nothing': withExtension(constraints({})),
  'name constraints of an empty name': withExtension(constraints({ excluded: [dns('')] })),
  'name constraints of addresses': withExtension(constraints({ permitted: [IP(10, 0, 0, 0, 255, 0, 0, 0)] })),
  'name constraints of addresses with a mask of holes': withExtension(
    constraints({ permitted: [IP(10, 0, 0, 0, 255, 0, 255, 0)] }),
  ),
  'name constraints of a directory name': withExtension(constraints({ permitted: [tlv(0xa4, nameOf(utf8('x')))] })),
  'extended key usage': withExtension(purposes('1.3.6.1.5.5.7.3.1', '1.3.6.1.5.5.7.3.2')),
  'extended key usage that is none': withExtension(extension('2.5.29.37', sequence(integer(1)))),
  'a policy twice': withExtension(extension('2.5.29.32', sequence(sequence(oid('1.2.3.4')), sequence(oid('1.2.3.4'))))),
  'a policy': withExtension(extension('2.5.29.32', sequence(sequence(oid('1.2.3.4'))))),
  'distribution points of revocation lists': withExtension(extension('2.5.29.31', sequence(sequence()))),
  'a large certificate': {
    ...withExtension(extension('1.2.3.4', octets(Buffer.alloc(20_000)))),
    differs: 'a certificate of more than 16 KB is not read: pods must not be able to make a look dear',
  },
};

/** A point whose last bit is none. */
function evenPoint(): Buffer {
  for (;;) {
    const bytes = spkiOf(newKey()).subarray(-65);
    if (((bytes[64] ?? 0) & 1) === 0) return bytes;
  }
}

function withoutUsage(usage: Buffer): Parts {
  return { extensions: [ca(), usage] };
}

/** The same bytes, encoded in another way. */
const BYTES: Record<string, Buffer> = {
  'bytes after the end': Buffer.concat([sound, Buffer.from([0])]),
  'a certificate that is cut short': sound.subarray(0, -1),
  'an indefinite length': Buffer.concat([Buffer.from([0x30, 0x80]), sound.subarray(4), Buffer.from([0, 0])]),
  'a length that is not minimal': Buffer.concat([Buffer.from([0x30, 0x83, 0]), sound.subarray(2)]),
  'no bytes at all': Buffer.alloc(0),
  'a number': integer(1),
  'an object identifier that is not minimal': certificate({
    extensions: [ca(), sequence(tlv(0x06, Buffer.from([0x2a, 0x80, 0x03])), octets(NULL))],
  }),
};

export const CERTIFICATES: Record<string, Odd> = {
  ...Object.fromEntries(
    Object.entries(PARTS).map(([name, { differs, ...parts }]) => [
      name,
      { der: certificate(parts), ...(differs ? { differs } : {}) },
    ]),
  ),
  ...Object.fromEntries(Object.entries(BYTES).map(([name, der]) => [name, { der }])),
  'something behind the signature': { der: sequence(sound.subarray(4), NULL), differs: PROXIES },
};
