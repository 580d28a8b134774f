import type { Duplex } from 'node:stream';
import tls from 'node:tls';
import type { Certificate } from '../../pki/certificate.js';
import { filtered } from './filtered.js';
import { type HandshakeGate, handshakeGate } from './handshake-gate.js';
import { ProbeError } from './probe-error.js';

/**
 * The certificate chain exactly as a TLS server presents it. Node's own API links certificates together by itself and
 * hides the second of two certificates of one key, so the Certificate message is read from the records: Node does the
 * handshake over a stream that looks at what is received, and tells the handshake secret (`keylog`) to decrypt it with.
 */
export interface PresentedChain {
  /** Leaf first, at least that. */
  chain: [Certificate, ...Certificate[]];
  protocol: string;
}

export interface HandshakeOptions {
  servername: string;
  timeoutMs: number;
}

/**
 * What proxies speak (linkerd2-proxy linkerd/meshtls: rustls, leaves with P-256 keys signed with SHA-256), and nothing that a
 * server could make costly: no DHE groups of its choice, no keys of its choice.
 */
const context = tls.createSecureContext({
  ca: [],
  minVersion: 'TLSv1.2',
  ciphers: [
    ...['TLS_AES_128_GCM_SHA256', 'TLS_AES_256_GCM_SHA384', 'TLS_CHACHA20_POLY1305_SHA256'],
    ...['ECDHE-ECDSA-AES128-GCM-SHA256', 'ECDHE-ECDSA-AES256-GCM-SHA384', 'ECDHE-ECDSA-CHACHA20-POLY1305'],
  ].join(':'),
  ecdhCurve: 'X25519:P-256:P-384',
  sigalgs: 'ecdsa_secp256r1_sha256:ecdsa_secp384r1_sha384',
});

/**
 * Shakes hands without a client certificate and reads the chain; the stream is destroyed in any case.
 * @throws ProbeError
 */
export async function readPresentedChain(stream: Duplex, options: HandshakeOptions): Promise<PresentedChain> {
  const gate = handshakeGate();
  let socket: tls.TLSSocket | undefined;
  try {
    socket = await handshake(stream, options, gate);
    const protocol = socket.getProtocol() === 'TLSv1.3' ? 'TLSv1.3' : 'TLSv1.2';
    const [leaf, ...others] = gate.chain(protocol) ?? [];
    if (!leaf) throw new ProbeError('NoCertificate', 'the server presented no certificate');
    return { chain: [leaf, ...others], protocol };
  } finally {
    socket?.destroy();
    stream.destroy();
  }
}

function handshake(
  stream: Duplex,
  { servername, timeoutMs }: HandshakeOptions,
  gate: HandshakeGate,
): Promise<tls.TLSSocket> {
  return new Promise((resolve, reject) => {
    const transport = filtered(stream, gate.admit);
    const socket = tls.connect({ socket: transport, servername, rejectUnauthorized: false, secureContext: context });
    const fail = (error: ProbeError) => {
      clearTimeout(timer);
      socket.destroy();
      transport.destroy();
      reject(error);
    };
    const unlock = (secret: Buffer, cipher: string) => {
      try {
        if (!transport.destroyed) transport.push(gate.unlock(secret, cipher));
      } catch (error) {
        fail(probeError(error));
      }
    };
    const timer = setTimeout(() => fail(new ProbeError('Timeout', `no handshake within ${timeoutMs} ms`)), timeoutMs);
    socket.on('keylog', (line: Buffer) => {
      const [label, , secret] = line.toString('latin1').trim().split(' ');
      if (label !== 'SERVER_HANDSHAKE_TRAFFIC_SECRET' || !secret) return;
      const cipher = socket.getCipher().standardName;
      process.nextTick(() => unlock(Buffer.from(secret, 'hex'), cipher)); // OpenSSL is in the middle of a record
    });
    socket.once('secureConnect', () => {
      clearTimeout(timer);
      resolve(socket);
    });
    for (const end of [transport, socket]) end.on('error', (error) => fail(probeError(error)));
    socket.once('close', () => fail(new ProbeError('NoTls', 'the server closed the connection during the handshake')));
  });
}

function probeError(error: unknown): ProbeError {
  if (error instanceof ProbeError) return error;
  const { code, reason, message } = error as NodeJS.ErrnoException & { reason?: string };
  const isOfTls = code?.startsWith('ERR_SSL') ?? false;
  return new ProbeError(isOfTls ? 'NoTls' : 'Unreachable', (isOfTls && reason) || message);
}
