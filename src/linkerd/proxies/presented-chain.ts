import { createDecipheriv, createHmac } from 'node:crypto';
import { Duplex } from 'node:stream';
import tls from 'node:tls';

/**
 * The certificate chain exactly as a TLS server presents it. Node's own API links certificates together by itself and
 * hides the second of two certificates of one key, so the Certificate message is read from the records: Node does the
 * handshake over a stream that keeps what was received, and tells the handshake secret (`keylog`) to decrypt it with.
 */
export interface PresentedChain {
  /** DER, leaf first. */
  chain: Buffer[];
  protocol: string;
}

export class ProbeError extends Error {
  override readonly name = 'ProbeError';
  constructor(
    readonly reason: 'Unreachable' | 'Timeout' | 'NoTls' | 'NoCertificate' | 'Malformed',
    message: string,
  ) {
    super(message);
  }
}

export interface HandshakeOptions {
  servername: string;
  timeoutMs: number;
}

/** Shakes hands without a client certificate and reads the chain; the stream is destroyed in any case.
 *  @throws ProbeError */
export async function readPresentedChain(stream: Duplex, options: HandshakeOptions): Promise<PresentedChain> {
  const received: Buffer[] = [];
  const secrets = new Map<string, Buffer>();
  let socket: tls.TLSSocket | undefined;
  try {
    socket = await handshake(recording(stream, received), options, secrets);
    const { cipher, protocol } = { cipher: socket.getCipher().standardName, protocol: socket.getProtocol() ?? '' };
    const bytes = Buffer.concat(received);
    const messages = protocol === 'TLSv1.3' ? decryptHandshake(bytes, cipher, secrets) : plainHandshake(bytes);
    const chain = readCertificateMessage(messages, protocol === 'TLSv1.3');
    if (chain.length === 0) throw new ProbeError('NoCertificate', 'the server presented no certificate');
    return { chain, protocol };
  } finally {
    socket?.destroy();
    stream.destroy();
  }
}

function handshake(
  transport: Duplex,
  { servername, timeoutMs }: HandshakeOptions,
  secrets: Map<string, Buffer>,
): Promise<tls.TLSSocket> {
  return new Promise((resolve, reject) => {
    const socket = tls.connect({ socket: transport, servername, rejectUnauthorized: false, minVersion: 'TLSv1.2' });
    const fail = (error: ProbeError) => {
      clearTimeout(timer);
      socket.destroy();
      reject(error);
    };
    const timer = setTimeout(() => fail(new ProbeError('Timeout', `no handshake within ${timeoutMs} ms`)), timeoutMs);
    socket.on('keylog', (line: Buffer) => {
      const [label, , secret] = line.toString('latin1').trim().split(' ');
      if (label && secret) secrets.set(label, Buffer.from(secret, 'hex'));
    });
    socket.once('secureConnect', () => {
      clearTimeout(timer);
      resolve(socket);
    });
    socket.on('error', (error: NodeJS.ErrnoException) => {
      const plain = error.code?.startsWith('ERR_SSL') ?? false;
      fail(new ProbeError(plain ? 'NoTls' : 'Unreachable', error.message));
    });
    socket.once('close', () => fail(new ProbeError('NoTls', 'the server closed the connection during the handshake')));
  });
}

/** A stream that passes everything on and keeps what comes in. A plain socket would be read natively, past us. */
function recording(stream: Duplex, received: Buffer[]): Duplex {
  const transport = new Duplex({
    read: () => stream.resume(),
    write: (chunk: Buffer, _encoding, callback) => {
      stream.write(chunk, callback);
    },
    final: (callback) => {
      stream.end(callback);
    },
    destroy: (error, callback) => {
      stream.destroy();
      callback(error);
    },
  });
  stream.on('data', (chunk: Buffer) => {
    received.push(chunk);
    if (!transport.push(chunk)) stream.pause();
  });
  stream.once('end', () => transport.push(null));
  stream.once('error', (error) => transport.destroy(error));
  stream.once('close', () => transport.destroy());
  return transport;
}

const HANDSHAKE = 22;
const APPLICATION_DATA = 23;

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
function plainHandshake(bytes: Buffer): Buffer {
  return Buffer.concat([...records(bytes)].filter(({ type }) => type === HANDSHAKE).map(({ body }) => body));
}

const CIPHERS: Record<
  string,
  { name: 'aes-128-gcm' | 'aes-256-gcm' | 'chacha20-poly1305'; keyLength: number; hash: string; hashLength: number }
> = {
  TLS_AES_128_GCM_SHA256: { name: 'aes-128-gcm', keyLength: 16, hash: 'sha256', hashLength: 32 },
  TLS_AES_256_GCM_SHA384: { name: 'aes-256-gcm', keyLength: 32, hash: 'sha384', hashLength: 48 },
  TLS_CHACHA20_POLY1305_SHA256: { name: 'chacha20-poly1305', keyLength: 32, hash: 'sha256', hashLength: 32 },
};
const TAG_LENGTH = 16;
const NONCE_LENGTH = 12;

/** TLS 1.3: server handshake records decrypted with keys from its traffic secret (RFC 8446 sections 5.2, 5.3, 7.3). */
function decryptHandshake(bytes: Buffer, cipherName: string, secrets: Map<string, Buffer>): Buffer {
  const cipher = CIPHERS[cipherName];
  const secret = secrets.get('SERVER_HANDSHAKE_TRAFFIC_SECRET');
  if (!cipher || !secret) throw new ProbeError('Malformed', `cannot read a handshake with ${cipherName}`);
  const key = expandLabel(cipher.hash, secret, 'key', cipher.keyLength);
  const iv = expandLabel(cipher.hash, secret, 'iv', NONCE_LENGTH);
  const plain: Buffer[] = [];
  let sequence = 0;
  for (const { type, header, body } of records(bytes)) {
    if (type !== APPLICATION_DATA) continue;
    const nonce = Buffer.from(iv);
    nonce.writeUInt32BE((nonce.readUInt32BE(NONCE_LENGTH - 4) ^ sequence) >>> 0, NONCE_LENGTH - 4);
    sequence += 1;
    const decipher = createDecipheriv(cipher.name as 'aes-128-gcm', key, nonce, { authTagLength: TAG_LENGTH });
    decipher.setAAD(header);
    decipher.setAuthTag(body.subarray(-TAG_LENGTH));
    let inner: Buffer;
    try {
      inner = Buffer.concat([decipher.update(body.subarray(0, -TAG_LENGTH)), decipher.final()]);
    } catch {
      break; // the first record under the application keys: the handshake's are all read
    }
    let end = inner.length;
    while (end > 0 && inner[end - 1] === 0) end -= 1; // padding
    if (inner[end - 1] === HANDSHAKE) plain.push(inner.subarray(0, end - 1));
  }
  return Buffer.concat(plain);
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

const CERTIFICATE = 11;

/** The Certificate message (RFC 8446 section 4.4.2; RFC 5246 section 7.4.2 without context and extensions). */
function readCertificateMessage(messages: Buffer, tls13: boolean): Buffer[] {
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
