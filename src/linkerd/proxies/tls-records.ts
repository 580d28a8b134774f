import { createDecipheriv, createHmac } from 'node:crypto';
import { ProbeError } from './probe-error.js';

/** The records of a TLS handshake as they are received: what is in them, down to the certificates. */

/** Types of records. */
const FIRST_TYPE = 20;
export const HANDSHAKE = 22;
export const APPLICATION_DATA = 23;
/** The type of the handshake message that carries the chain. */
const CERTIFICATE = 11;
const RECORD_HEADER = 5;
/** RFC 5246 section 6.2.3; those of TLS 1.3 are smaller. */
const MOST_RECORD_BYTES = 2 ** 14 + 2048;
const MESSAGE_HEADER = 4;

/** Bytes of a certificate message: eight of the largest certificates that are read would be more, and no chain is. */
const MOST_MESSAGE_BYTES = 64 * 1024;

/** Messages that come before it: a proxy sends one or two. OpenSSL would read any number of requests for a new handshake. */
const MOST_MESSAGES = 100;

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

export interface TlsRecord {
  type: number;
  header: Buffer;
  body: Buffer;
  /** Header and body. */
  raw: Buffer;
}

/**
 * Cuts what comes in into frames of which the first bytes tell the length. Each byte is copied but a few times, however
 * small the pieces are.
 */
function cutter(headerLength: number, lengthOf: (header: Buffer) => number): (chunk: Buffer) => Buffer[] {
  let kept: Buffer[] = [];
  let have = 0;
  let need = headerLength;
  return (chunk) => {
    kept.push(chunk);
    have += chunk.length;
    if (have < need) return [];
    const frames: Buffer[] = [];
    let rest = Buffer.concat(kept, have);
    for (need = headerLength; rest.length >= headerLength; need = headerLength) {
      need += lengthOf(rest);
      if (rest.length < need) break;
      frames.push(rest.subarray(0, need));
      rest = rest.subarray(need);
    }
    kept = [rest];
    have = rest.length;
    return frames;
  };
}

/**
 * Cuts a stream into the records that are complete by now.
 * @throws ProbeError `NoTls` when what comes in is none
 */
export function recordReader(): (chunk: Buffer) => TlsRecord[] {
  const cut = cutter(RECORD_HEADER, (header) => {
    const [type = 0, major] = header;
    const length = header.readUInt16BE(3);
    if (type < FIRST_TYPE || type > APPLICATION_DATA || major !== 3 || length > MOST_RECORD_BYTES) {
      throw new ProbeError('NoTls', 'it does not speak TLS');
    }
    return length;
  });
  return (chunk) =>
    cut(chunk).map((raw) => ({
      type: raw.readUInt8(0),
      header: raw.subarray(0, RECORD_HEADER),
      body: raw.subarray(RECORD_HEADER),
      raw,
    }));
}

/**
 * Puts handshake messages together from what records have in them, until the certificate message is complete.
 * @returns the certificates in it, once; DER, leaf first
 * @throws ProbeError `Malformed`
 */
export function certificateReader(tls13: boolean): (bytes: Buffer) => Buffer[] | undefined {
  let looks = 0;
  const cut = cutter(MESSAGE_HEADER, (header) => {
    looks += 1;
    if (looks > MOST_MESSAGES) {
      throw new ProbeError(
        'Malformed',
        `its handshake has more than ${MOST_MESSAGES} messages before its certificates`,
      );
    }
    const length = header.readUIntBE(1, 3);
    if (header[0] === CERTIFICATE && length > MOST_MESSAGE_BYTES) {
      throw new ProbeError('Malformed', `it presents a chain of more than ${MOST_MESSAGE_BYTES / 1024} KB`);
    }
    return length;
  });
  return (bytes) => {
    const message = cut(bytes)
      .find(([type]) => type === CERTIFICATE)
      ?.subarray(MESSAGE_HEADER);
    return message && readEntries(tls13 ? message.subarray(1 + (message[0] ?? 0)) : message, tls13);
  };
}

/** The list of a Certificate message (RFC 8446 section 4.4.2; RFC 5246 section 7.4.2 without extensions). */
function readEntries(message: Buffer, tls13: boolean): Buffer[] {
  const list = vector(message, 3);
  const chain: Buffer[] = [];
  for (let at = 0; at < list.length;) {
    const certificate = vector(list.subarray(at), 3);
    chain.push(certificate);
    at += 3 + certificate.length;
    if (tls13) at += 2 + vector(list.subarray(at), 2).length;
  }
  return chain;
}

function vector(bytes: Buffer, lengthBytes: number): Buffer {
  const length = bytes.length < lengthBytes ? Number.POSITIVE_INFINITY : bytes.readUIntBE(0, lengthBytes);
  if (lengthBytes + length > bytes.length) throw new ProbeError('Malformed', 'its certificate message is cut short');
  return bytes.subarray(lengthBytes, lengthBytes + length);
}

/**
 * Decrypts the handshake records of a TLS 1.3 server, one after the other, with keys from its traffic secret (RFC 8446
 * sections 5.2, 5.3, 7.3).
 * @returns the handshake bytes of a record; undefined: it is under other keys, and the handshake's are all read
 * @throws ProbeError when the cipher is not one of TLS 1.3
 */
export function handshakeDecrypter(secret: Buffer, cipherName: string): (record: TlsRecord) => Buffer | undefined {
  const cipher = CIPHERS[cipherName];
  if (!cipher) throw new ProbeError('Malformed', 'its cipher is not one of TLS 1.3');
  const key = expandLabel(cipher.hash, secret, 'key', cipher.keyLength);
  const iv = expandLabel(cipher.hash, secret, 'iv', NONCE_LENGTH);
  let sequence = 0;
  return (record) => {
    const inner = decryptRecord(record, { cipher, key, nonce: nonceOf(iv, sequence) });
    sequence += 1;
    if (!inner) return undefined;
    const end = inner.findLastIndex((byte) => byte !== 0); // the type; padding after it
    return inner[end] === HANDSHAKE ? inner.subarray(0, end) : Buffer.alloc(0);
  };
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
  if (body.length < TAG_LENGTH) return undefined;
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
