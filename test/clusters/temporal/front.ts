import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import http2 from 'node:http2';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createRoot, dnsName, encodeName, issue, spki } from '../../../src/pki/issue.js';
import { generateKey, toSec1Pem } from '../../../src/pki/key.js';
import { sandbox } from '../../integration/support.js';

/** What stands before a Temporal server that is not on the same machine: TLS, and somebody who asks who is there. */
export interface Front {
  address: string;
  /** Variables of somebody who trusts its CA, and has no credentials yet. */
  trusting: NodeJS.ProcessEnv;
  /** Variables of a client certificate that it takes. */
  certificate: NodeJS.ProcessEnv;
  /** How often the operator's service was asked for, and refused. */
  refused(): number;
  close(): Promise<void>;
}

interface Asks {
  /** Nobody without this API key. */
  apiKey?: string;
  /** Nobody without a client certificate of its CA. */
  clientCertificate?: true;
}

/** gRPC status PERMISSION_DENIED, and what Temporal's authorizer says with it. */
const DENIED = { 'grpc-status': '7', 'grpc-message': 'Request unauthorized.' };
const HOUR_MS = 3_600_000;

/**
 * TLS before the sandbox's Temporal server, as Temporal Cloud has it: every call goes through but those of the operator's
 * service, which nobody may make there.
 */
export async function front({ apiKey, clientCertificate }: Asks = {}): Promise<Front> {
  const folder = mkdtempSync(path.join(tmpdir(), 'reroot-front-'));
  const files = certificateFiles(folder);
  let behind = connect();
  let refused = 0;
  const server = http2.createSecureServer({
    ...{ cert: files.server.cert, key: files.server.key },
    ...(clientCertificate ? { ca: files.ca, requestCert: true, rejectUnauthorized: true } : {}),
  });
  server.on('stream', (stream, headers) => {
    const isOperators = (headers[':path'] ?? '').includes('.OperatorService/');
    const isStranger = apiKey !== undefined && headers.authorization !== `Bearer ${apiKey}`;
    if (isOperators) refused += 1;
    if (isOperators || isStranger) refuse(stream);
    else {
      if (behind.closed) behind = connect(); // a server ends each connection after some minutes
      forward(stream, headers, behind);
    }
  });
  for (const trouble of ['sessionError', 'tlsClientError', 'error']) server.on(trouble, () => undefined);
  const sessions = new Set<http2.ServerHttp2Session>();
  server.on('session', (session) => sessions.add(session));
  await new Promise<void>((resolve) => server.listen(0, 'localhost', resolve));
  return {
    address: `localhost:${(server.address() as AddressInfo).port}`,
    trusting: { TEMPORAL_TLS_SERVER_CA_CERT_PATH: path.join(folder, 'ca.pem') },
    certificate: {
      TEMPORAL_TLS_CLIENT_CERT_PATH: path.join(folder, 'client.pem'),
      TEMPORAL_TLS_CLIENT_KEY_PATH: path.join(folder, 'client.key'),
    },
    refused: () => refused,
    close: async () => {
      behind.destroy();
      for (const session of sessions) session.destroy();
      await new Promise((resolve) => server.close(resolve));
      rmSync(folder, { recursive: true });
    },
  };
}

function connect(): http2.ClientHttp2Session {
  return http2.connect(`http://${sandbox.temporal.address}`).on('error', () => undefined);
}

function refuse(stream: http2.ServerHttp2Stream): void {
  stream.respond({ ':status': 200, 'content-type': 'application/grpc', ...DENIED }, { endStream: true });
  stream.resume();
}

/** Messages of gRPC are streams of any length; its status comes with the trailers, or alone. */
function forward(
  stream: http2.ServerHttp2Stream,
  given: http2.IncomingHttpHeaders,
  behind: http2.ClientHttp2Session,
): void {
  const headers = { ...given };
  delete headers[':authority']; // that of the server behind
  const request = behind.request(headers);
  let trailers: http2.IncomingHttpHeaders = {};
  request.on('response', (answer) => {
    if (stream.destroyed) return;
    if (answer['grpc-status'] !== undefined) stream.respond(answer, { endStream: true });
    else {
      stream.respond(answer, { waitForTrailers: true });
      request.pipe(stream);
    }
  });
  request.on('trailers', (found) => (trailers = found));
  stream.on('wantTrailers', () => stream.sendTrailers(trailers));
  stream.on('error', () => request.close()).on('close', () => request.close());
  request.on('error', () => stream.close());
  stream.pipe(request);
}

interface Pair {
  cert: string;
  key: string;
}

function certificateFiles(folder: string): { ca: string; server: Pair } {
  const ca = createRoot({ commonName: 'front CA', validForMs: HOUR_MS });
  const signed = (name: string): Pair => {
    const key = generateKey();
    const { pem } = issue({
      ...{ subjectDer: encodeName(name), issuerDer: ca.certificate.subjectDer, publicKeyDer: spki(key) },
      ...{
        signingKey: ca.privateKey,
        notBefore: new Date(Date.now() - HOUR_MS),
        notAfter: new Date(Date.now() + HOUR_MS),
      },
      extensions: [dnsName('localhost')],
    });
    return { cert: pem, key: toSec1Pem(key) };
  };
  const [server, client] = [signed('server'), signed('client')];
  writeFileSync(path.join(folder, 'ca.pem'), ca.certificate.pem);
  writeFileSync(path.join(folder, 'client.pem'), client.cert);
  writeFileSync(path.join(folder, 'client.key'), client.key, { mode: 0o600 });
  return { ca: ca.certificate.pem, server };
}
