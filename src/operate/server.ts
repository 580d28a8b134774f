import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { jsonText } from '../ground/plain.js';
import type { Overview } from '../rotation/overview.js';
import { isServedHost } from './served-host.js';

/** What of an overview is shown in a browser; src/picture draws it. */
export interface Pages {
  /** A whole HTML document. */
  document(overview: Overview): string;
  /** What the script puts in the place of the document's content, again and again. */
  body(overview: Overview): string;
  /** Of the header `Content-Security-Policy`. */
  csp: string;
}

/** What is answered from; nothing of it waits for the cluster. */
export interface Served {
  overview(): Overview;
  pages: Pages;
  /** Text in Prometheus' format, and its content type. */
  metrics(): Promise<{ type: string; text: string }>;
  /** In words; undefined: it is ready. */
  whyNotReady(): string | undefined;
}

export interface HttpServer {
  /** `http://127.0.0.1:8080` */
  url: string;
  close(): Promise<void>;
}

interface Answer {
  status?: number;
  type: string;
  text: string;
}

/** Bytes of a request's headers. */
const MOST_HEADER = 8192;
/** Milliseconds: for the headers, for the whole request, and until an idle connection is closed. */
const LIMITS = { headersTimeout: 5000, requestTimeout: 10_000, keepAliveTimeout: 5000 };
/** Of a connection on which nothing moves. */
const SILENCE_MS = 30_000;
const MOST_CONNECTIONS = 100;

const PLAIN = 'text/plain; charset=utf-8';
const HTML = 'text/html; charset=utf-8';

/**
 * Answers GET and HEAD with what is known already: nothing of a request goes any further than its path.
 * @param address `host:port`; port 0: any that is free
 * @throws Error when it cannot listen there
 */
export async function serveHttp(address: string, served: Served): Promise<HttpServer> {
  const { host, port } = hostAndPort(address);
  const headers = safeHeaders(served.pages.csp);
  const server = createServer({ maxHeaderSize: MOST_HEADER, ...LIMITS }, (request, response) => {
    void answerTo(request, served, host)
      .catch(() => ({ status: 500, type: PLAIN, text: 'this cannot be shown now\n' }))
      .then((answer) => send(response, answer, headers))
      .catch(() => response.destroy());
  });
  server.maxConnections = MOST_CONNECTIONS;
  server.setTimeout(SILENCE_MS);
  await listening(server, host, port);
  const { port: taken } = server.address() as AddressInfo;
  return { url: `http://${host.includes(':') ? `[${host}]` : host}:${taken}`, close: async () => await closed(server) };
}

/** `127.0.0.1:8080` or `[::1]:8080`. */
function hostAndPort(address: string): { host: string; port: number } {
  const colon = address.lastIndexOf(':');
  return { host: address.slice(0, colon).replaceAll(/[[\]]/g, ''), port: Number(address.slice(colon + 1)) };
}

async function listening(server: Server, host: string, port: number): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host, port }, () => {
      server.off('error', reject);
      server.on('error', () => undefined); // a connection that could not be taken is that of who asks
      resolve();
    });
  });
}

async function closed(server: Server): Promise<void> {
  await new Promise<void>((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}

async function answerTo(
  { method, url = '/', headers }: IncomingMessage,
  served: Served,
  host: string,
): Promise<Answer> {
  if (method !== 'GET' && method !== 'HEAD')
    return { status: 405, type: PLAIN, text: 'only GET and HEAD: nothing can be changed here\n' };
  if (!isServedHost(headers.host, host))
    return {
      status: 421,
      type: PLAIN,
      text: 'this name is not served: use localhost, an address, or a name that ends in .svc\n',
    };
  const [path = ''] = url.split('?');
  return (await routes(served).get(path)?.()) ?? { status: 404, type: PLAIN, text: 'there is no such page\n' };
}

function routes({ overview, pages, metrics, whyNotReady }: Served): Map<string, () => Answer | Promise<Answer>> {
  return new Map<string, () => Answer | Promise<Answer>>([
    ['/', () => ({ type: HTML, text: pages.document(overview()) })],
    ['/page', () => ({ type: HTML, text: pages.body(overview()) })],
    ['/overview.json', () => ({ type: 'application/json; charset=utf-8', text: `${jsonText(overview())}\n` })],
    ['/metrics', async () => await metrics()],
    ['/livez', () => ({ type: PLAIN, text: 'alive\n' })],
    ['/readyz', () => readiness(whyNotReady())],
  ]);
}

function readiness(why: string | undefined): Answer {
  return why === undefined
    ? { type: PLAIN, text: 'ready\n' }
    : { status: 503, type: PLAIN, text: `not ready: ${why}\n` };
}

/** Whatever is shown is from this server, and in nobody's frame; scripts are the page's own alone. */
function safeHeaders(csp: string): Record<string, string> {
  return {
    'content-security-policy': csp,
    'x-content-type-options': 'nosniff',
    'x-frame-options': 'DENY',
    'referrer-policy': 'no-referrer',
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-resource-policy': 'same-origin',
    'cache-control': 'no-store',
  };
}

function send(response: ServerResponse, { status = 200, type, text }: Answer, headers: Record<string, string>): void {
  const body = Buffer.from(text);
  const allow = status === 405 ? { allow: 'GET, HEAD' } : {};
  response.writeHead(status, { ...headers, ...allow, 'content-type': type, 'content-length': body.length });
  response.end(body);
}
