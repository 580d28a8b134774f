import { createHash, createHmac, createPublicKey, diffieHellman } from 'node:crypto';
import { GROUPS, ownKeys } from './client-hello.js';
import { ProbeError } from './probe-error.js';
import { notOffered } from './server-hello.js';

/**
 * The secret that a TLS 1.3 server's handshake records are under (RFC 8446 section 7.1), from both hellos.
 * @throws ProbeError
 */
export function serverHandshakeSecret(
  hash: string,
  { group, share }: { group: number; share: Buffer },
  hellos: readonly Buffer[],
): Buffer {
  const secret = createHmac(hash, beforeKeys(hash)).update(sharedSecret(group, share)).digest();
  const transcript = createHash(hash);
  for (const hello of hellos) transcript.update(hello);
  return expandLabel({ hash, secret, label: 's hs traffic', context: transcript.digest() });
}

/** What comes before any key is agreed on, when there is no secret from before: the same for every handshake. */
function beforeKeys(hash: string): Buffer {
  const known = derived.get(hash);
  if (known) return known;
  const nothing = Buffer.alloc(createHash(hash).digest().length);
  const secret = createHmac(hash, nothing).update(nothing).digest();
  const made = expandLabel({ hash, secret, label: 'derived', context: createHash(hash).digest() });
  derived.set(hash, made);
  return made;
}
const derived = new Map<string, Buffer>();

function sharedSecret(group: number, share: Buffer): Buffer {
  const { x25519, p256 } = ownKeys();
  try {
    if (group === GROUPS.p256) return p256.computeSecret(share);
    if (group === GROUPS.x25519) return diffieHellman({ privateKey: x25519, publicKey: x25519Key(share) });
  } catch {
    throw new ProbeError('Malformed', 'the key in its hello is none');
  }
  throw notOffered();
}

/** As a JWK: OpenSSL takes eight times as long to read the same from DER. */
function x25519Key(share: Buffer) {
  return createPublicKey({ key: { kty: 'OKP', crv: 'X25519', x: share.toString('base64url') }, format: 'jwk' });
}

/** HKDF-Expand-Label (section 7.1); one block is enough for secrets, keys and nonces. */
export function expandLabel({
  hash,
  secret,
  label,
  context = Buffer.alloc(0),
  length,
}: {
  hash: string;
  secret: Buffer;
  label: string;
  context?: Buffer;
  /** Bytes; absent: as many as the hash has. */
  length?: number;
}): Buffer {
  const full = Buffer.from(`tls13 ${label}`, 'latin1');
  const bytes = length ?? secret.length;
  const info = [Buffer.from([bytes >> 8, bytes & 0xff, full.length]), full, Buffer.from([context.length]), context];
  return createHmac(hash, secret)
    .update(Buffer.concat([...info, Buffer.from([1])]))
    .digest()
    .subarray(0, bytes);
}
