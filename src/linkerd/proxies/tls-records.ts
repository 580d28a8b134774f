import { createDecipheriv, createHmac } from 'node:crypto';
import { ProbeError } from './probe-error.js';

/** The records of a TLS handshake as they were received: what is in them, down to the certificates. */

/** Types of records. */
const HANDSHAKE = 22;
const APPLICATION_DATA = 23;
/** The type of the handshake message that carries the chain. */
const CERTIFICATE = 11;

interface Cipher {
  name: 'aes-128-gcm' | 'aes-256-gcm' | 'chacha20-poly1305';
  keyLength: number;
  hash: string;
}

const CIPHERS: Record<string, Cipher> = {
  TLS_AES_128_GCM_SHA256: { name: 'aes-128-gcm', keyLength: 16, hash: 'sha256' },
  TLS_AES_256_GCM_SHA384: { name: 'aes-256-gcm', keyLength: 32, hash: 'sha384' },
  TLS_CHACHA20_POLY1305_SHA256: { name: 'chacha20-poly1305', keyLength: 32, hash: 'sha256' },
};
const TAG_LENGTH = 16;
const NONCE_LENGTH = 12;

interface TlsRecord {
  type: number;
  header: Buffer;
  body: Buffer;
}

function* records(bytes: Buffer): Generator<TlsRecord> {
  for (let at = 0; at + 5 <= bytes.length;) {
    const end = at + 5 + bytes.readUInt16BE(at + 3);
    if (end > bytes.length) return;
    yield { type: bytes.readUInt8(at), header: bytes.subarray(at, at + 5), body: bytes.subarray(at + 5, end) };
    at = end;
  }
}

/** TLS 1.2: the Certificate message travels in clear. */
export function plainHandshake(bytes: Buffer): Buffer {
  return Buffer.concat([...records(bytes)].filter(({ type }) => type === HANDSHAKE).map(({ body }) => body));
}

/** TLS 1.3: server handshake records decrypted with keys from its traffic secret (RFC 8446 sections 5.2, 5.3, 7.3). */
export function decryptHandshake(bytes: Buffer, cipherName: string, secrets: Map<string, Buffer>): Buffer {
  const cipher = CIPHERS[cipherName];
  const secret = secrets.get('SERVER_HANDSHAKE_TRAFFIC_SECRET');
  if (!cipher || !secret) throw new ProbeError('Malformed', `cannot read a handshake with ${cipherName}`);
  const key = expandLabel(cipher.hash, secret, 'key', cipher.keyLength);
  const iv = expandLabel(cipher.hash, secret, 'iv', NONCE_LENGTH);
  const encrypted = [...records(bytes)].filter(({ type }) => type === APPLICATION_DATA);
  const plain: Buffer[] = [];
  for (const [sequence, record] of encrypted.entries()) {
    const inner = decryptRecord(record, { cipher, key, nonce: nonceOf(iv, sequence) });
    if (!inner) break; // the first record under the application keys: the handshake's are all read
    const end = inner.findLastIndex((byte) => byte !== 0); // the type; padding after it
    if (inner[end] === HANDSHAKE) plain.push(inner.subarray(0, end));
  }
  return Buffer.concat(plain);
}

function nonceOf(iv: Buffer, sequence: number): Buffer {
  const nonce = Buffer.from(iv);
  nonce.writeUInt32BE((nonce.readUInt32BE(NONCE_LENGTH - 4) ^ sequence) >>> 0, NONCE_LENGTH - 4);
  return nonce;
}

/** Undefined when the record is not of these keys. */
function decryptRecord(
  { header, body }: TlsRecord,
  { cipher, key, nonce }: { cipher: Cipher; key: Buffer; nonce: Buffer },
): Buffer | undefined {
  // all three take the options of GCM; the types know them by one name only
  const decipher = createDecipheriv(cipher.name as 'aes-128-gcm', key, nonce, { authTagLength: TAG_LENGTH });
  decipher.setAAD(header);
  decipher.setAuthTag(body.subarray(-TAG_LENGTH));
  try {
    return Buffer.concat([decipher.update(body.subarray(0, -TAG_LENGTH)), decipher.final()]);
  } catch {
    return undefined;
  }
}

/** HKDF-Expand-Label with an empty context; one block is enough for keys and nonces. */
function expandLabel(hash: string, secret: Buffer, label: string, length: number): Buffer {
  const full = Buffer.from(`tls13 ${label}`, 'latin1');
  const info = Buffer.concat([Buffer.from([length >> 8, length & 0xff, full.length]), full, Buffer.from([0])]);
  return createHmac(hash, secret)
    .update(info)
    .update(Buffer.from([1]))
    .digest()
    .subarray(0, length);
}

/** The Certificate message (RFC 8446 section 4.4.2; RFC 5246 section 7.4.2 without context and extensions). */
export function readCertificateMessage(messages: Buffer, tls13: boolean): Buffer[] {
  for (let at = 0; at + 4 <= messages.length;) {
    const length = messages.readUIntBE(at + 1, 3);
    const body = messages.subarray(at + 4, at + 4 + length);
    if (messages[at] === CERTIFICATE) {
      if (body.length < length) break;
      return readEntries(tls13 ? body.subarray(1 + (body[0] ?? 0)) : body, tls13);
    }
    at += 4 + length;
  }
  throw new ProbeError('NoCertificate', 'the handshake has no certificate message');
}

function readEntries(list: Buffer, tls13: boolean): Buffer[] {
  const end = 3 + list.readUIntBE(0, 3);
  const chain: Buffer[] = [];
  for (let at = 3; at + 3 <= end;) {
    const length = list.readUIntBE(at, 3);
    chain.push(Buffer.from(list.subarray(at + 3, at + 3 + length)));
    at += 3 + length;
    if (tls13) at += 2 + list.readUInt16BE(at);
  }
  return chain;
}
