import { randomBytes } from 'node:crypto';
import type net from 'node:net';
import tls from 'node:tls';
import { encodeName, type Issued, spki } from '../../src/pki/issue.js';
import { generateKey, toPkcs8Pem } from '../../src/pki/key.js';
import { nameConstraints } from './asn1.js';
import * as made from './certificates.js';
import type { Mesh } from './certificates.js';
import type { HostilePod } from './corpus.js';
import { forever, slowly, talker } from './environment-pods.js';

/** Pods that are asked for their chain in a handshake. */

/** A real TLS server with a leaf and whatever follows it. */
function tlsServer(chain: readonly Issued[], options: tls.TlsOptions = {}): net.Server {
  const [leaf] = chain;
  const server = tls.createServer({
    ...(leaf ? { key: toPkcs8Pem(leaf.privateKey) } : {}),
    cert: chain.map(({ certificate: { pem } }) => pem).join(''),
    ...options,
  });
  server.on('tlsClientError', () => undefined);
  server.on('secureConnection', (socket) => socket.on('error', () => undefined));
  return server;
}

function record(type: number, body: Buffer): Buffer {
  const header = Buffer.from([type, 3, 3, 0, 0]);
  header.writeUInt16BE(body.length, 3);
  return Buffer.concat([header, body]);
}

function sized(bytes: Buffer, width: number, length = bytes.length): Buffer {
  const size = Buffer.alloc(width);
  size.writeUIntBE(length, 0, width);
  return Buffer.concat([size, bytes]);
}

function message(type: number, body: Buffer, length = body.length): Buffer {
  return Buffer.concat([Buffer.from([type]), sized(body, 3, length)]);
}

/** Of TLS 1.2, for ECDHE-ECDSA-AES128-GCM-SHA256. */
const SERVER_HELLO = message(
  2,
  Buffer.concat([Buffer.from([3, 3]), randomBytes(32), Buffer.from([0, 0xc0, 0x2b, 0, 0, 5, 0xff, 1, 0, 1, 0])]),
);
const HELLO_REQUEST = record(22, message(0, Buffer.alloc(0)));

/** A handshake of TLS 1.2 as far as the certificates, in records that are as long as may be. */
function handshakeWith(certificateMessage: Buffer): Buffer {
  const bytes = Buffer.concat([SERVER_HELLO, certificateMessage]);
  const parts = Array.from({ length: Math.ceil(bytes.length / 16_000) }, (_, at) =>
    record(22, bytes.subarray(at * 16_000, (at + 1) * 16_000)),
  );
  return Buffer.concat(parts);
}

function presents(ders: readonly Buffer[]): Buffer {
  return handshakeWith(message(11, sized(Buffer.concat(ders.map((der) => sized(der, 3))), 3)));
}

/** Presents certificates by hand: nobody needs the key for that. */
const showing = (ders: readonly Buffer[]) => talker((socket) => void socket.write(presents(ders)));
const saying = (bytes: Buffer) => talker((socket) => void socket.write(bytes));
const sayingForever = (first: Buffer, piece: Buffer) =>
  talker((socket) => {
    socket.write(first);
    forever(socket, piece);
  });
const dersOf = (chain: readonly Issued[]) => chain.map(({ certificate: { der } }) => der);
const chainUnder = (mesh: Mesh, change: made.Made = {}) => [made.leafOf(mesh, change), mesh.issuer];
const stranger = (publicKeyDer: Buffer) => made.make({ publicKeyDer }).certificate.der;
const names = made.dnsName(made.IDENTITY);

const TOO_MANY = /more than 8/;
const NO_KEY = /key of a kind or size/;
const NO_TLS = /does not speak TLS/;
const CUT = /cut short|no certificate/;

const KINDS_OF_TLS = ['TLSv1.2', 'TLSv1.3'] as const;
const both = (name: string, ends: HostilePod['ends'], chain: (mesh: Mesh) => Issued[]): HostilePod[] =>
  KINDS_OF_TLS.map((maxVersion) => ({
    ...{ name: `${name}, by ${maxVersion}`, ends, asked: 'chain' },
    serve: (mesh) => tlsServer(chain(mesh), { maxVersion, minVersion: maxVersion }),
  }));

/** What only identity could sign, and what a real proxy would refuse. */
const SIGNED: HostilePod[] = [
  { name: 'of another name', leaf: { extensions: [made.dnsName('api.shop.serviceaccount.identity.x')] } },
  { name: 'that has expired', leaf: { notAfter: new Date(Date.now() - 1000) } },
  { name: 'with an extension twice', leaf: { extensions: [names, names] } },
  {
    name: 'with a critical extension that nobody knows',
    leaf: { extensions: [names, made.extension('1.2.3', true, '')] },
  },
  { name: 'for clients alone', leaf: { extensions: [names, made.purposes('1.3.6.1.5.5.7.3.2')] } },
  { name: 'that is a CA', leaf: { extensions: [names, made.basicConstraints(0)] } },
].map(({ name, leaf }) => ({
  ...{ name: `has a leaf ${name}`, asked: 'chain', ends: 'evidence' },
  serve: (mesh) => tlsServer(chainUnder(mesh, leaf)),
}));

const STRANGE: HostilePod[] = [
  ...both('presents CAs in a loop', 'evidence', (mesh) => made.looped(7, mesh)),
  ...both('presents 60 CAs in a loop', TOO_MANY, (mesh) => made.looped(60, mesh)),
  ...both('presents CAs that have signed each other', /more than 24 signatures/, (mesh) => made.entangled(7, mesh)),
  ...both('presents 90 CAs of a costly curve', TOO_MANY, () => made.ladder(90, made.binaryCurve)),
  ...both('presents 7 CAs of a costly curve', NO_KEY, () => made.ladder(7, made.binaryCurve)),
  ...both('is of another root', 'evidence', (mesh) => chainUnder({ ...mesh, issuer: made.createMesh().issuer })),
  ...both('has signed itself', 'evidence', () => [made.make({})]),
  ...both('has 3000 names', 'evidence', () => [made.make({ extensions: [made.manyNames(3000)] })]),
];

/** Chains by hand: nobody needs a key for them. */
const BY_HAND: HostilePod[] = [
  {
    name: 'presents 300 certificates',
    bytes: () => presents(dersOf(made.ladder(1, generateKey)).flatMap((der) => Array<Buffer>(150).fill(der))),
    ends: /more than (8|64)/,
  },
  {
    name: 'presents a chain without its key',
    bytes: (mesh: Mesh) => presents(dersOf(chainUnder(mesh))),
    ends: 'believed' as const,
  },
  { name: 'presents nothing', bytes: () => presents([]), ends: /./ },
  { name: 'presents a certificate of no bytes', bytes: () => presents([Buffer.alloc(0)]), ends: CUT },
  {
    name: 'presents a certificate of 60 KB',
    bytes: () => presents([Buffer.alloc(60_000, 0x30)]),
    ends: /more than 16 KB/,
  },
  { name: 'presents noise', bytes: () => presents([randomBytes(2000)]), ends: /what is no certificate/ },
  {
    name: 'presents a certificate with something behind it',
    bytes: (mesh: Mesh) => presents([Buffer.concat([mesh.root.certificate.der, Buffer.from('x')])]),
    ends: /bytes after the end/,
  },
  {
    name: 'has a key of RSA with 16384 bits',
    bytes: () => presents([stranger(made.rsaKeyDer(16_384, 24))]),
    ends: NO_KEY,
  },
  {
    name: 'has a key of RSA with an exponent of 3072 bits',
    bytes: () => presents([stranger(made.rsaKeyDer(3072, 3072))]),
    ends: NO_KEY,
  },
  {
    name: 'has a key of RSA with 100 000 bits',
    bytes: () => presents([stranger(made.rsaKeyDer(100_000, 24))]),
    ends: NO_KEY,
  },
  { name: 'has a key of DSA', bytes: () => presents([stranger(made.dsaKeyDer())]), ends: NO_KEY },
  { name: 'has a key of the curve of coins', bytes: () => presents([stranger(made.otherCurveDer())]), ends: NO_KEY },
  {
    name: 'has names 8 KB deep',
    bytes: () => presents([made.make({ extensions: [made.deepName(8000)] }).certificate.der]),
    ends: 'evidence' as const,
  },
  {
    name: 'announces certificates of 16 MB',
    bytes: () => handshakeWith(message(11, Buffer.alloc(100), 0xffffff)),
    ends: /more than 64 KB/,
  },
  {
    name: 'has a list that is longer than its message',
    bytes: () => handshakeWith(message(11, sized(Buffer.alloc(9), 3, 0xffffff))),
    ends: /cut short/,
  },
  {
    name: 'has a certificate that is longer than its list',
    bytes: () => handshakeWith(message(11, sized(sized(Buffer.alloc(9), 3, 0xfffff), 3))),
    ends: /cut short/,
  },
  {
    name: 'stops in the middle of its certificates',
    bytes: (mesh: Mesh) => presents(dersOf(chainUnder(mesh))).subarray(0, 300),
    ends: /no handshake/,
  },
  { name: 'has a record of 65535 bytes', bytes: () => record(22, Buffer.alloc(65_535)), ends: NO_TLS },
  { name: 'has a record of type 99', bytes: () => record(99, Buffer.alloc(10)), ends: NO_TLS },
  { name: 'says nothing but 17 03 03', bytes: () => record(23, randomBytes(100)), ends: /no handshake/ },
  { name: 'answers a handshake in HTTP', bytes: () => Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n'), ends: NO_TLS },
  { name: 'refuses the name', bytes: () => record(21, Buffer.from([2, 112])), ends: /unrecognized name/ },
].map(({ name, bytes, ends }) => ({ name, ends, asked: 'chain', serve: (mesh) => saying(bytes(mesh)) }));

const FLOODS: HostilePod[] = [
  { name: 'asks for another handshake for ever', piece: Buffer.concat(Array<Buffer>(500).fill(HELLO_REQUEST)) },
  { name: 'asks for it in long records', piece: record(22, Buffer.alloc(16_000)) },
  { name: 'changes its cipher for ever', piece: record(20, Buffer.from([1])) },
  { name: 'sends empty records for ever', piece: record(22, Buffer.alloc(0)) },
  { name: 'sends encrypted records for ever', piece: record(23, randomBytes(1000)) },
  { name: 'warns for ever', piece: record(21, Buffer.from([1, 90])) },
].map(({ name, piece }) => ({
  ...{ name, asked: 'chain', ends: /./ },
  serve: () => sayingForever(Buffer.alloc(0), piece),
}));

const OTHERS: HostilePod[] = [
  {
    name: 'floods after its hello',
    serve: () => sayingForever(record(22, SERVER_HELLO), HELLO_REQUEST),
    ends: /more than (100|256)/,
  },
  {
    name: 'shakes hands byte by byte',
    serve: (mesh: Mesh) => talker((socket) => slowly(socket, presents(dersOf(chainUnder(mesh))), 50)),
    ends: /no handshake/,
  },
  { name: 'closes in the handshake', serve: () => talker((socket) => void socket.end()), ends: /./ },
  { name: 'resets the handshake', serve: () => talker((socket) => void socket.resetAndDestroy()), ends: /./ },
  { name: 'never shakes hands', serve: () => talker(() => undefined), ends: /no handshake/ },
  {
    name: 'speaks TLS 1.1',
    serve: (mesh: Mesh) =>
      tlsServer(chainUnder(mesh), { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' }),
    ends: /./,
  },
  {
    name: 'has no cipher of ours',
    serve: (mesh: Mesh) => tlsServer(chainUnder(mesh), { maxVersion: 'TLSv1.2', ciphers: 'ECDHE-ECDSA-AES256-SHA' }),
    ends: /handshake|alert|closed/,
  },
  {
    name: 'is below an issuer for other names',
    serve: (mesh: Mesh) => {
      const key = generateKey();
      const extensions = [made.basicConstraints(0), made.keyUsage(), nameConstraints({ permitted: ['example.org'] })];
      const { subjectDer: issuer } = mesh.root.certificate;
      const narrow = made.make({ subject: 'narrow', issuer, key, signer: mesh.root.privateKey, extensions });
      return tlsServer([made.make({ issuer: encodeName('narrow'), signer: key }), narrow]);
    },
    ends: 'evidence' as const,
  },
  {
    name: 'presents a certificate that is not of its key',
    serve: (mesh: Mesh) => showing([made.leafOf(mesh, { publicKeyDer: spki(generateKey()) }).certificate.der]),
    ends: 'evidence' as const,
  },
].map((pod) => ({ ...pod, asked: 'chain' }));

export const CHAIN_PODS: HostilePod[] = [...SIGNED, ...STRANGE, ...BY_HAND, ...FLOODS, ...OTHERS];
