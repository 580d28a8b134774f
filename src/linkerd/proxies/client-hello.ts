import { createECDH, generateKeyPairSync, randomBytes } from 'node:crypto';

/**
 * The first message of a TLS client, of which only the server's certificates are wanted (RFC 8446 section 4.1.2). Short enough to be
 * peeked at: a proxy looks for its name in the first 512 bytes, and buffers when that is not all (linkerd2-proxy
 * linkerd/tls/src/server.rs `PEEK_CAPACITY`).
 */

/** Two bytes of each suite that proxies speak, and none in which a server chooses the group: RSA and DHE. */
export const SUITES_OF_TLS13: Record<number, string> = {
  0x1301: 'TLS_AES_128_GCM_SHA256',
  0x1302: 'TLS_AES_256_GCM_SHA384',
  0x1303: 'TLS_CHACHA20_POLY1305_SHA256',
};
/** ECDHE-ECDSA with AES-128-GCM, AES-256-GCM and ChaCha20-Poly1305. */
export const SUITES_OF_TLS12: readonly number[] = [0xc02b, 0xc02c, 0xcca9];

export const GROUPS = { x25519: 0x001d, p256: 0x0017 } as const;
export const EXTENSIONS = { supportedVersions: 43, keyShare: 51 } as const;
export const TLS12 = 0x0303;
export const TLS13 = 0x0304;

/**
 * One pair of keys of each kind for all handshakes of this process: nothing is ever sent under them, and what a server sends,
 * its certificates, it sends to anybody who asks. So they protect nothing, and need not be new each time.
 */
export const ownKeys = once(() => {
  const x25519 = generateKeyPairSync('x25519');
  const p256 = createECDH('prime256v1');
  p256.generateKeys();
  const shares = {
    x25519: Buffer.from(x25519.publicKey.export({ format: 'jwk' }).x ?? '', 'base64url'),
    p256: p256.getPublicKey(),
  };
  return { x25519: x25519.privateKey, p256, shares };
});

/** The message as it is hashed, without the header of its record. */
export function clientHello(servername: string): Buffer {
  const name = Buffer.from(servername, 'utf8');
  const random = randomBytes(64);
  const serverName = extension(0, sized(2, Buffer.from([0]), sized(2, name)));
  const body = [
    u16(TLS12),
    random.subarray(0, 32),
    sized(1, random.subarray(32)), // as a session's id, for what stands between and knows TLS 1.2 alone (appendix D.4)
    SUITES,
    Buffer.from([1, 0]), // no compression
    sized(2, serverName, beforeKeys, extension(EXTENSIONS.keyShare, keyShares())),
  ];
  return Buffer.concat([Buffer.from([1]), sized(3, ...body)]);
}

const SUITES = sized(2, ...[...Object.keys(SUITES_OF_TLS13).map(Number), ...SUITES_OF_TLS12].map(u16));

/**
 * What of TLS 1.2 a server may insist on, and what is known beforehand. Signatures: of leaves with P-256 keys (linkerd2-proxy
 * linkerd/meshtls), and of CAs with larger ones.
 */
const beforeKeys = Buffer.concat([
  extension(10, sized(2, u16(GROUPS.x25519), u16(GROUPS.p256))), // supported_groups
  extension(11, sized(1, Buffer.from([0]))), // ec_point_formats: uncompressed
  extension(13, sized(2, u16(0x0403), u16(0x0503))), // signature_algorithms: ECDSA with P-256 and SHA-256, P-384 and SHA-384
  extension(23, Buffer.alloc(0)), // extended_master_secret
  extension(0xff01, sized(1, Buffer.alloc(0))), // renegotiation_info
  extension(EXTENSIONS.supportedVersions, sized(1, u16(TLS13), u16(TLS12))),
]);

/** For both groups, so that no server has to ask for another hello. */
const keyShares = once(() => {
  const { shares } = ownKeys();
  const of = (group: keyof typeof GROUPS) => [u16(GROUPS[group]), sized(2, shares[group])];
  return sized(2, ...of('x25519'), ...of('p256'));
});

function extension(type: number, body: Buffer): Buffer {
  return Buffer.concat([u16(type), sized(2, body)]);
}

function u16(value: number): Buffer {
  return Buffer.from([value >> 8, value & 0xff]);
}

/** A vector: its length in so many bytes, and what is in it. */
function sized(width: number, ...parts: Buffer[]): Buffer {
  const size = Buffer.alloc(width);
  size.writeUIntBE(
    parts.reduce((sum, { length }) => sum + length, 0),
    0,
    width,
  );
  return Buffer.concat([size, ...parts]);
}

function once<T>(make: () => T): () => T {
  let made: T | undefined;
  return () => (made ??= make());
}
