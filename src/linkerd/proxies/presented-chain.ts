import type { Duplex } from 'node:stream';
import { type PresentedChain, startHandshake } from './handshake.js';
import { ProbeError } from './probe-error.js';

export interface HandshakeOptions {
  servername: string;
  timeoutMs: number;
}

/**
 * Begins to shake hands without a client certificate, reads the chain, and goes: the stream is destroyed in any case, and the proxy
 * notes the early end among its debugging messages alone (linkerd2-proxy linkerd/app/core/src/serve.rs `is_io`).
 *
 * What follows the certificates, the proof that the server has the leaf's key, is not waited for. A proxy that shows a chain without
 * its key is refused by all others whatever it shows, so it harms nobody but itself, as one does that lies about its anchors. What
 * counts is the chain: that identity has signed this name, and with which issuer (docs/decisions/0006-own-tls-record-parser.md).
 *
 * The records are read here and not by Node, whose API links certificates together by itself and hides the second of two
 * certificates of one key; and whose OpenSSL verifies every chain, up to a hundred signatures by keys of any kind.
 * @throws ProbeError
 */
export function readPresentedChain(
  stream: Duplex,
  { servername, timeoutMs }: HandshakeOptions,
): Promise<PresentedChain> {
  return new Promise((resolve, reject) => {
    const { hello, read } = startHandshake(servername);
    const end = (reason: ProbeError['reason'], message: string) =>
      settle(() => reject(new ProbeError(reason, message)));
    const timer = setTimeout(() => end('Timeout', `no handshake within ${timeoutMs} ms`), timeoutMs);
    const listeners = {
      data: (chunk: Buffer) => {
        try {
          const found = read(chunk);
          if (found) settle(() => resolve(found));
        } catch (error) {
          settle(() => reject(error));
        }
      },
      error: ({ message }: Error) => end('Unreachable', message),
      end: () => end('NoTls', 'the server closed the connection during the handshake'),
      close: () => end('NoTls', 'the server closed the connection during the handshake'),
    };
    const settle = (answer: () => void) => {
      clearTimeout(timer);
      for (const [event, listener] of Object.entries(listeners)) stream.off(event, listener);
      stream.destroy();
      answer();
    };
    for (const [event, listener] of Object.entries(listeners)) stream.on(event, listener);
    stream.write(hello);
  });
}
