import http from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { plain } from '../../ground/plain.js';

/**
 * A worker's pages at an address of this machine. It goes on when the worker's pod goes: each connection is opened to
 * whichever pod is ready then.
 */
export interface PageServer {
  /** `http://127.0.0.1:PORT/`. */
  url: string;
  close(): Promise<void>;
}

const HOST = '127.0.0.1';
/** Milliseconds until an answer has to begin: a connection may be gone without a word. */
const ANSWER_MS = 10_000;

/** Opens a connection to a worker. @throws Error that says why there is none */
export type OpenWorker = () => Promise<Duplex>;

/** @throws Error when the port is taken */
export async function servePages(open: OpenWorker, port: number): Promise<PageServer> {
  const agent = workerAgent(open);
  const server = http.createServer((request, response) => {
    const refusal = refusalOf(request, (server.address() as AddressInfo).port);
    if (refusal) answer(response, ...refusal);
    else pass({ request, response, agent });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, HOST, resolve);
  });
  return {
    url: `http://${HOST}:${(server.address() as AddressInfo).port}/`,
    close: async () => {
      agent.destroy();
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      });
    },
  };
}

/** Keeps a few connections, so that a page that asks every 2 s opens one. */
function workerAgent(open: OpenWorker): http.Agent {
  const agent = new http.Agent({ keepAlive: true, maxSockets: 4, maxFreeSockets: 2 });
  const streams = agent as unknown as {
    createConnection(options: unknown, opened: (error: Error | null, stream?: Duplex) => void): void;
    keepSocketAlive(stream: Duplex): boolean;
    reuseSocket(stream: Duplex, request: http.ClientRequest): void;
  };
  streams.createConnection = (_, opened) => {
    open().then(
      (stream) => {
        stream.once('end', () => stream.destroy()); // kept for the next request, it would swallow that
        opened(null, stream);
      },
      (error: unknown) => opened(error instanceof Error ? error : new Error(String(error))),
    );
  };
  // what it keeps is no socket of the system: it has neither keep-alive nor a reference to drop
  streams.keepSocketAlive = () => true;
  streams.reuseSocket = (_, request) => Object.assign(request, { reusedSocket: true });
  return agent;
}

/** A page of somebody else that has its own name point at this machine reads nothing; and nothing is sent to a worker. */
export function refusalOf(
  { method, headers }: Pick<http.IncomingMessage, 'method' | 'headers'>,
  port: number,
): [number, string] | undefined {
  if (!['127.0.0.1', 'localhost', '[::1]'].some((name) => headers.host === `${name}:${port}`))
    return [421, 'This address serves 127.0.0.1 and localhost alone.'];
  return method === 'GET' || method === 'HEAD' ? undefined : [405, 'Only GET is served here.'];
}

interface Passed {
  request: http.IncomingMessage;
  response: http.ServerResponse;
  agent: http.Agent;
  again?: boolean;
}

/** Of a connection that was kept its other end may have gone: then it is asked once more, on a new one. */
function pass({ request, response, agent, again = false }: Passed): void {
  const { method, url = '/', headers } = request;
  const asked = http.request({
    agent,
    method,
    path: url,
    headers: { accept: headers.accept ?? '*/*', host: 'localhost' },
  });
  const late = setTimeout(() => asked.destroy(new Error('it did not answer in time')), ANSWER_MS);
  asked.once('close', () => clearTimeout(late));
  response.once('close', () => asked.destroy());
  asked.once('response', (answered) => {
    clearTimeout(late);
    response.writeHead(answered.statusCode ?? 502, withoutConnection(answered.headers));
    answered.pipe(response);
    answered.once('error', () => response.destroy());
  });
  asked.once('error', (error) => {
    if (response.headersSent || response.destroyed) response.destroy();
    else if (asked.reusedSocket && !again) pass({ request, response, agent, again: true });
    else answer(response, 503, `No worker answers: ${plain(error.message)}`);
  });
  asked.end();
}

/** What is said of this connection alone is not passed on. */
function withoutConnection(headers: http.IncomingHttpHeaders): http.OutgoingHttpHeaders {
  const rest = { ...headers };
  for (const name of ['connection', 'keep-alive', 'transfer-encoding']) delete rest[name];
  return rest;
}

function answer(response: http.ServerResponse, status: number, text: string): void {
  response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8', 'x-content-type-options': 'nosniff' });
  response.end(`${text}\n`);
}
