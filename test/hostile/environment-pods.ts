import net from 'node:net';
import { gzipSync } from 'node:zlib';
import type { HostilePod } from './corpus.js';
import { type Mesh, make } from './certificates.js';

/** Pods whose admin port is asked for the environment of the process. */

type Talk = (socket: net.Socket) => void;

/** A server that says something to whoever has asked. */
export function talker(talk: Talk): net.Server {
  return net.createServer({ noDelay: true }, (socket) => {
    socket.on('error', () => undefined);
    socket.once('data', () => talk(socket));
  });
}

/** Says the same again and again, as fast as it is heard. */
export function forever(socket: net.Socket, piece: string | Buffer): void {
  const more = () => {
    while (!socket.destroyed && socket.write(piece));
  };
  socket.on('drain', more);
  more();
}

/** Says a text byte by byte, with a pause between any two. */
export function slowly(socket: net.Socket, text: Buffer, everyMs: number): void {
  let at = 0;
  const timer = setInterval(() => {
    if (socket.destroyed || at >= text.length) clearInterval(timer);
    else socket.write(text.subarray(at, (at += 1)));
  }, everyMs);
}

const OK = 'HTTP/1.1 200 OK\r\n';
const CHUNKED = `${OK}transfer-encoding: chunked\r\n\r\n`;
const VARIABLE = 'LINKERD2_PROXY_IDENTITY_TRUST_ANCHORS';

export const answer = (body: string | Buffer, headers = '') =>
  Buffer.concat([
    Buffer.from(`${OK}${headers}content-length: ${Buffer.byteLength(body)}\r\n\r\n`),
    Buffer.from(body as string),
  ]);

const says =
  (bytes: string | Buffer): (() => net.Server) =>
  () =>
    talker((socket) => void socket.end(bytes));
const saysThenOn =
  (first: string, piece: string): (() => net.Server) =>
  () =>
    talker((socket) => {
      socket.write(first);
      forever(socket, piece);
    });
const anchors = (pem: string) => answer(JSON.stringify({ [VARIABLE]: pem }));

const TOO_MUCH = /more than (256 KB|1000 pieces)/;
const NOT_JSON = /is not JSON/;
const NOT_HTTP = /is not HTTP|ended before/;

/** In the order of the server's answer: from what comes before it to what comes after. */
const PODS: Omit<HostilePod, 'asked'>[] = [
  { name: 'hangs up at once', serve: () => net.createServer((socket) => void socket.destroy()), ends: /./ },
  {
    name: 'resets the connection',
    serve: () => talker((socket) => void socket.resetAndDestroy()),
    ends: /ECONNRESET|hang up|before its time/,
  },
  { name: 'says nothing', serve: () => talker(() => undefined), ends: /no answer within/ },
  { name: 'says what is not HTTP', serve: says('\x16\x03\x01\x02\x00'.repeat(100)), ends: NOT_HTTP },
  {
    name: 'answers byte by byte',
    serve: () => talker((socket) => slowly(socket, answer('{}'), 100)),
    ends: /no answer within/,
  },
  { name: 'has a header of 100 KB', serve: says(`${OK}a: ${'b'.repeat(100_000)}\r\n\r\n{}`), ends: NOT_HTTP },
  { name: 'has headers without end', serve: saysThenOn(OK, 'a: b\r\n'), ends: NOT_HTTP },
  {
    name: 'says for ever that one may go on',
    serve: saysThenOn('', 'HTTP/1.1 100 Continue\r\n\r\n'),
    ends: /as no proxy does/,
  },
  {
    name: 'speaks another protocol from now on',
    serve: saysThenOn(
      'HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n',
      'x'.repeat(1000),
    ),
    ends: /./,
  },
  { name: 'is not found', serve: says('HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n'), ends: /answered 404/ },
  {
    name: 'sends one elsewhere',
    serve: says('HTTP/1.1 302 Found\r\nlocation: http://10.0.0.1/\r\ncontent-length: 0\r\n\r\n'),
    ends: /answered 302/,
  },
  { name: 'has a length below zero', serve: says(`${OK}content-length: -1\r\n\r\n{}`), ends: NOT_HTTP },
  { name: 'has two lengths', serve: says(`${OK}content-length: 2\r\ncontent-length: 3\r\n\r\n{}`), ends: NOT_HTTP },
  { name: 'ends before its length', serve: says(`${OK}content-length: 1000\r\n\r\n{}`), ends: /aborted|before/ },
  { name: 'has a chunk of 2^64 bytes', serve: says(`${CHUNKED}fffffffffffffffff\r\n{}`), ends: NOT_HTTP },
  { name: 'has chunks of one byte without end', serve: saysThenOn(CHUNKED, '1\r\nx\r\n'.repeat(1000)), ends: TOO_MUCH },
  { name: 'has a chunk extension without end', serve: saysThenOn(`${CHUNKED}1;`, 'x'.repeat(1000)), ends: /./ },
  { name: 'has trailers without end', serve: saysThenOn(`${CHUNKED}0\r\n`, 'a: b\r\n'), ends: /./ },
  {
    name: 'has a body without end',
    serve: saysThenOn(`${OK}content-length: 99999999999\r\n\r\n`, 'x'.repeat(65_536)),
    ends: TOO_MUCH,
  },
  { name: 'has a body of one byte pieces', serve: () => talker(trickle), ends: /more than|is not/ },
  { name: 'has a body without length or end', serve: saysThenOn(`${OK}\r\n`, 'x'.repeat(65_536)), ends: TOO_MUCH },
  {
    name: 'compresses a hundred megabytes',
    serve: says(answer(bomb(), 'content-encoding: gzip\r\n')),
    ends: /JSON|more than/,
  },
  { name: 'is no UTF-8', serve: says(answer(Buffer.from([0x7b, 0xff, 0xfe, 0xc0, 0x7d]))), ends: NOT_JSON },
  { name: 'has escape sequences', serve: says(answer('\x1b[2J\x1b]8;;http://x\x07{"a"')), ends: NOT_JSON },
  { name: 'is null', serve: says(answer('null')), ends: /not what a proxy says/ },
  { name: 'has a number for anchors', serve: says(answer(`{"${VARIABLE}":7}`)), ends: /not what a proxy says/ },
  { name: 'has a prototype', serve: says(answer(`{"__proto__":{"${VARIABLE}":"x"}}`)), ends: /has no LINKERD2/ },
  { name: 'is nested 100 000 deep', serve: says(answer(`${'['.repeat(1e5)}${']'.repeat(1e5)}`)), ends: /has no LINK/ },
  {
    name: 'has anchors of BEGIN lines alone',
    serve: says(anchors('-----BEGIN A-----\n'.repeat(13_000))),
    ends: 'evidence',
  },
  {
    name: 'has anchors of blocks that end as others',
    serve: says(anchors('-----BEGIN A-----\n-----END B-----\n'.repeat(7000))),
    ends: 'evidence',
  },
  {
    name: 'has 400 anchors',
    serve: (mesh) => says(anchors(strangers(400, mesh)))(),
    ends: /more than 256 certificates/,
  },
  { name: 'has 200 anchors of others', serve: (mesh) => says(anchors(strangers(200, mesh)))(), ends: 'evidence' },
  { name: 'says more after its answer', serve: () => talker(sayMore), ends: NOT_HTTP },
];

export const ENVIRONMENT_PODS: HostilePod[] = PODS.map((pod) => ({ ...pod, asked: 'environment' }));

/** A valid answer of one variable in pieces so small that the reading of each costs more than it is worth. */
function trickle(socket: net.Socket): void {
  socket.write(`${OK}content-length: 5000\r\n\r\n`);
  const timer = setInterval(() => {
    if (socket.destroyed) clearInterval(timer);
    else for (let count = 0; count < 50; count += 1) setImmediate(() => socket.write('x'));
  }, 1);
}

function sayMore(socket: net.Socket): void {
  socket.write(anchors(''.padEnd(10, 'x')));
  forever(socket, 'x'.repeat(65_536));
}

function bomb(): Buffer {
  return gzipSync(Buffer.alloc(100_000_000), { level: 9 });
}

/** The same small body each, in other words. */
function strangers(count: number, { root }: Mesh): string {
  const { pem } = make({ subject: root.certificate.commonName, extensions: [] }).certificate;
  const [first = '', ...lines] = pem.split('\n');
  return Array.from({ length: count }, (_, at) => {
    const body = lines.slice(0, -2).join('').slice(0, 300);
    const other = Buffer.from(`${at}`.padStart(6, '0')).toString('base64');
    return `${first}\n${body}${other}\n-----END CERTIFICATE-----\n`;
  }).join('');
}
