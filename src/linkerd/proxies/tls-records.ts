import { createDecipheriv } from 'node:crypto';
import { expandLabel } from './handshake-secret.js';
import { ProbeError } from './probe-error.js';

/** The records of a TLS handshake as they are received: what is in them, down to the certificates. */

/** Types of records. */
export const RECORD = { changeCipher: 20, alert: 21, handshake: 22, encrypted: 23 } as const;
/** Types of handshake messages. */
export const MESSAGE = { helloRequest: 0, serverHello: 2, certificate: 11 } as const;
const RECORD_HEADER = 5;
/** RFC 5246 section 6.2.3; those of TLS 1.3 are smaller. */
const MOST_RECORD_BYTES = 2 ** 14 + 2048;
const MESSAGE_HEADER = 4;

/** Bytes of a certificate message: eight of the largest certificates that are read would be more, and no chain is. */
const MOST_MESSAGE_BYTES = 64 * 1024;

/** Messages that come before it: a proxy sends two or three. */
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
}

export interface HandshakeMessage {
  type: number;
  body: Buffer;
  /** With its header, as it is hashed. */
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
    const isType = type >= RECORD.changeCipher && type <= RECORD.encrypted;
    if (!isType || major !== 3 || length > MOST_RECORD_BYTES) {
      throw new ProbeError('NoTls', 'it does not speak TLS');
    }
    return length;
  });
  return (chunk) =>
    cut(chunk).map((raw) => ({
      type: raw.readUInt8(0),
      header: raw.subarray(0, RECORD_HEADER),
      body: raw.subarray(RECORD_HEADER),
    }));
}

/**
 * Puts handshake messages together from what records have in them.
 * @returns those that are complete by now
 * @throws ProbeError `Malformed`
 */
export function messageReader(): (bytes: Buffer) => HandshakeMessage[] {
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
    if (header[0] === MESSAGE.certificate && length > MOST_MESSAGE_BYTES) {
      throw new ProbeError('Malformed', `it presents a chain of more than ${MOST_MESSAGE_BYTES / 1024} KB`);
    }
    return length;
  });
  return (bytes) => cut(bytes).map((raw) => ({ type: raw.readUInt8(0), body: raw.subarray(MESSAGE_HEADER), raw }));
}

/**
 * The certificates in a Certificate message (RFC 8446 section 4.4.2; RFC 5246 section 7.4.2 has no context and no extensions).
 * @returns DER, leaf first
 * @throws ProbeError `Malformed`
 */
export function certificatesIn(message: Buffer, tls13: boolean): Buffer[] {
  const list = vector(tls13 ? message.subarray(1 + (message[0] ?? 0)) : message, 3);
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

/** The hash of a cipher of TLS 1.3. */
export function hashOf(cipherName: string): string {
  return cipherOf(cipherName).hash;
}

function cipherOf(name: string): Cipher {
  const cipher = CIPHERS[name];
  if (!cipher) throw new ProbeError('Malformed', 'its cipher is not one of TLS 1.3');
  return cipher;
}

/**
 * Decrypts the handshake records of a TLS 1.3 server, one after the other, with keys from its traffic secret (RFC 8446
 * sections 5.2, 5.3, 7.3).
 * @returns what is in a record, and of which type it is
 * @throws ProbeError when the cipher is not one of TLS 1.3, or the record is not under these keys
 */
export function handshakeDecrypter(
  secret: Buffer,
  cipherName: string,
): (record: TlsRecord) => { type: number; body: Buffer } {
  const cipher = cipherOf(cipherName);
  const { hash, keyLength } = cipher;
  const key = expandLabel({ hash, secret, label: 'key', length: keyLength });
  const iv = expandLabel({ hash, secret, label: 'iv', length: NONCE_LENGTH });
  let sequence = 0;
  return (record) => {
    const inner = decryptRecord(record, { cipher, key, nonce: nonceOf(iv, sequence) });
    sequence += 1;
    const end = inner.findLastIndex((byte) => byte !== 0); // the type; padding after it
    return { type: inner[end] ?? 0, body: inner.subarray(0, Math.max(end, 0)) };
  };
}

function nonceOf(iv: Buffer, sequence: number): Buffer {
  const nonce = Buffer.from(iv);
  nonce.writeUInt32BE((nonce.readUInt32BE(NONCE_LENGTH - 4) ^ sequence) >>> 0, NONCE_LENGTH - 4);
  return nonce;
}

function decryptRecord(
  { header, body }: TlsRecord,
  { cipher, key, nonce }: { cipher: Cipher; key: Buffer; nonce: Buffer },
): Buffer {
  // all three take the options of GCM; the types know them by one name only
  const decipher = createDecipheriv(cipher.name as 'aes-128-gcm', key, nonce, { authTagLength: TAG_LENGTH });
  try {
    decipher.setAAD(header);
    decipher.setAuthTag(body.subarray(-TAG_LENGTH));
    return Buffer.concat([decipher.update(body.subarray(0, -TAG_LENGTH)), decipher.final()]);
  } catch {
    throw new ProbeError('Malformed', 'a record of its handshake cannot be decrypted');
  }
}
