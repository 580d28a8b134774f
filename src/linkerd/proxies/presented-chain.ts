import { Duplex } from 'node:stream';
import tls from 'node:tls';
import { ProbeError } from './probe-error.js';
import { decryptHandshake, plainHandshake, readCertificateMessage } from './tls-records.js';

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

export interface HandshakeOptions {
  servername: string;
  timeoutMs: number;
}

/**
 * Shakes hands without a client certificate and reads the chain; the stream is destroyed in any case.
 * @throws ProbeError
 */
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
