import { once } from 'node:events';
import net from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import tls from 'node:tls';
import { present } from '../ground/present.js';
import type { TemporalConfig } from './config.js';

/** A look at what is at an address, for when Temporal's own clients say no more than that they could not connect. */

/** - `somebody`: nothing is wrong with the connection itself. */
export type Met =
  | { kind: 'nobody'; why: string }
  | { kind: 'tls' | 'plain' | 'somebody' }
  | { kind: 'untrusted' | 'wantsCertificate'; why: string };

const PATIENCE_MS = 3000;
/** With TLS 1.3 a server refuses a client's certificate after the client's handshake is done. */
const AFTERTHOUGHT_MS = 500;
const DEFAULT_PORT = 7233;

/** Connects as the configuration says, and looks how that goes; nothing is sent but a handshake. */
export async function meet({
  address,
  connectionOptions,
}: Pick<TemporalConfig, 'address' | 'connectionOptions'>): Promise<Met> {
  const at = hostAndPort(address);
  const refused = await failureOf(net.connect(at), 'connect');
  if (refused) return { kind: 'nobody', why: refused };
  const options = connectionOptions.tls;
  if (!options)
    return (await failureOf(handshake(at, {}), 'secureConnect')) === undefined ? { kind: 'tls' } : { kind: 'somebody' };
  return await meetTls(at, options === true ? {} : options);
}

type TlsOptions = Exclude<TemporalConfig['connectionOptions']['tls'], boolean | null | undefined>;
type At = ReturnType<typeof hostAndPort>;

async function meetTls(at: At, options: TlsOptions): Promise<Met> {
  const socket = handshake(at, options);
  const failed = await failureOf(socket, 'secureConnect', false);
  if (failed) {
    socket.destroy();
    if (/WRONG_VERSION_NUMBER|PACKET_LENGTH|ECONNRESET/.test(failed)) return { kind: 'plain' };
    return /ALERT/.test(failed) ? { kind: 'wantsCertificate', why: failed } : { kind: 'nobody', why: failed };
  }
  const { authorizationError } = socket;
  const refused = await Promise.race([ended(socket), sleep(AFTERTHOUGHT_MS, undefined, { ref: false })]);
  socket.destroy();
  if (authorizationError) return { kind: 'untrusted', why: codeOf(authorizationError) };
  return refused === undefined ? { kind: 'somebody' } : { kind: 'wantsCertificate', why: refused };
}

/** It goes through with any certificate, so that whose it is can be said. */
function handshake(at: At, { serverNameOverride, serverRootCACertificate, clientCertPair }: TlsOptions): tls.TLSSocket {
  const servername = serverNameOverride ?? (net.isIP(at.host) ? '' : at.host);
  return tls.connect({
    ...at,
    servername,
    ALPNProtocols: ['h2'],
    rejectUnauthorized: false,
    ...present({
      ca: bytes(serverRootCACertificate),
      cert: bytes(clientCertPair?.crt),
      key: bytes(clientCertPair?.key),
    }),
  });
}

function bytes(given: Uint8Array | undefined): Buffer | undefined {
  return given && Buffer.from(given);
}

/** @returns the code of what went wrong before an event; undefined when the event came */
async function failureOf(socket: net.Socket, event: string, close = true): Promise<string | undefined> {
  try {
    await once(socket, event, { signal: AbortSignal.timeout(PATIENCE_MS) });
    return undefined;
  } catch (error) {
    return error instanceof Error && error.name === 'AbortError'
      ? `no answer within ${PATIENCE_MS / 1000}s`
      : codeOf(error);
  } finally {
    socket.on('error', () => undefined);
    if (close) socket.destroy();
  }
}

/** @returns what a server ends a connection with */
async function ended(socket: tls.TLSSocket): Promise<string> {
  return await new Promise((resolve) => {
    socket.once('error', (error) => resolve(codeOf(error)));
    socket.once('close', () => resolve('it closed the connection'));
    socket.resume();
  });
}

function codeOf(error: unknown): string {
  const { code, message } = error as { code?: unknown; message?: unknown };
  return String(code ?? message ?? error);
}

function hostAndPort(address: string): { host: string; port: number } {
  const [, host = address, port] = /^(.*?)(?::(\d+))?$/.exec(address) ?? [];
  return { host: host.replace(/^\[(.*)\]$/, '$1'), port: Number(port ?? DEFAULT_PORT) };
}
