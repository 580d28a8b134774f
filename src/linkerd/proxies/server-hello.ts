import { EXTENSIONS, SUITES_OF_TLS12, SUITES_OF_TLS13, TLS12, TLS13 } from './client-hello.js';
import { ProbeError } from './probe-error.js';

/** What a server has chosen (RFC 8446 section 4.1.3). */
export type ServerHello =
  { protocol: 'TLSv1.2' } | { protocol: 'TLSv1.3'; /** Its name. */ cipher: string; group: number; share: Buffer };

/** SHA-256 of "HelloRetryRequest": what stands for the random bytes of a hello that asks for another one. */
const RETRY = Buffer.from('cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c', 'hex');

/**
 * @param body of the message, without its header
 * @throws ProbeError
 */
export function readServerHello(body: Buffer): ServerHello {
  const read = reader(body);
  const version = read.number(2);
  const random = read.bytes(32);
  read.vector(1); // a session's id
  const cipher = read.number(2);
  read.number(1); // compression
  const extensions = read.isAtEnd() ? new Map<number, Buffer>() : readExtensions(read.vector(2));
  const chosen = extensions.get(EXTENSIONS.supportedVersions)?.readUInt16BE(0) ?? version;
  if (chosen === TLS12) return ofTls12(cipher);
  if (chosen !== TLS13) throw new ProbeError('NoTls', 'it speaks a version of TLS that no proxy speaks');
  if (random.equals(RETRY)) throw new ProbeError('NoTls', 'it asks for a handshake that no proxy asks for');
  return ofTls13(cipher, extensions.get(EXTENSIONS.keyShare));
}

function ofTls12(cipher: number): ServerHello {
  if (!SUITES_OF_TLS12.includes(cipher)) throw notOffered();
  return { protocol: 'TLSv1.2' };
}

function ofTls13(suite: number, keyShare: Buffer | undefined): ServerHello {
  const cipher = SUITES_OF_TLS13[suite];
  if (cipher === undefined || !keyShare) throw notOffered();
  const read = reader(keyShare);
  return { protocol: 'TLSv1.3', cipher, group: read.number(2), share: read.vector(2) };
}

export function notOffered(): ProbeError {
  return new ProbeError('NoTls', 'it chooses a cipher or a key that was not offered in the handshake');
}

function readExtensions(bytes: Buffer): Map<number, Buffer> {
  const read = reader(bytes);
  const found = new Map<number, Buffer>();
  while (!read.isAtEnd()) found.set(read.number(2), read.vector(2));
  const version = found.get(EXTENSIONS.supportedVersions);
  if (version && version.length !== 2) throw cutShort();
  return found;
}

/** Reads a message from its start to its end. */
function reader(from: Buffer) {
  let at = 0;
  const bytes = (length: number): Buffer => {
    at += length;
    if (at > from.length) throw cutShort();
    return from.subarray(at - length, at);
  };
  const number = (width: number): number => bytes(width).readUIntBE(0, width);
  return { bytes, number, vector: (width: number) => bytes(number(width)), isAtEnd: () => at === from.length };
}

function cutShort(): ProbeError {
  return new ProbeError('Malformed', 'its hello is cut short');
}
