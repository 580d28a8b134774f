import http from 'node:http';
import net, { type AddressInfo } from 'node:net';
import { Duplex } from 'node:stream';
import { afterEach, describe, expect, it } from 'vitest';
import { type PageServer, servePages } from '../../../../src/cli/session/page-server.js';

const open: { close(): unknown }[] = [];
afterEach(async () => {
  for (const one of open.splice(0)) await one.close();
});

/** A worker that answers with its name and the path, and counts who connects. */
async function worker(name: string): Promise<{ connect(): Promise<Duplex>; connections(): number; end(): void }> {
  const sockets = new Set<net.Socket>();
  let connections = 0;
  const server = http.createServer((request, response) => {
    response.setHeader('content-security-policy', "default-src 'none'");
    response.end(`${name} ${request.method} ${request.url} ${request.headers.host}`);
  });
  server.on('connection', (socket) => {
    connections += 1;
    sockets.add(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const end = () => {
    server.close();
    for (const socket of sockets) socket.destroy();
  };
  open.push({ close: end });
  const { port } = server.address() as AddressInfo;
  const connect = async () => {
    const socket = net.connect(port, '127.0.0.1');
    await new Promise((resolve, reject) => socket.once('connect', resolve).once('error', reject));
    socket.on('error', () => undefined);
    return Duplex.from({ readable: socket, writable: socket }); // no socket of the system, as a port-forward is none
  };
  return { connect, connections: () => connections, end };
}

async function serving(connect: () => Promise<Duplex>): Promise<PageServer> {
  const server = await servePages(connect, 0);
  open.push(server);
  return server;
}

describe("a worker's page at this machine's own address", () => {
  it('is what the worker answers, headers included', async () => {
    const { connect } = await worker('one');
    const { url } = await serving(connect);
    const answer = await fetch(`${url}page?x=1`);
    expect(await answer.text()).toBe('one GET /page?x=1 localhost');
    expect(answer.headers.get('content-security-policy')).toBe("default-src 'none'");
  });

  it('is asked again and again over one connection', async () => {
    const { connect, connections } = await worker('one');
    const { url } = await serving(connect);
    for (let turn = 0; turn < 5; turn += 1) expect(await (await fetch(`${url}page`)).text()).toContain('one');
    expect(connections()).toBe(1);
  });

  it('goes on with another worker when the first one goes', async () => {
    const [first, second] = [await worker('one'), await worker('two')];
    let now = first;
    const { url } = await serving(async () => await now.connect());
    expect(await (await fetch(url)).text()).toContain('one');
    first.end();
    now = second;
    expect(await (await fetch(url)).text()).toContain('two');
  });

  it('says that nobody answers, and recovers', async () => {
    const { connect } = await worker('one');
    let isThere = false;
    const { url } = await serving(async () => {
      if (!isThere) throw new Error('no worker in namespace reroot is ready');
      return await connect();
    });
    const answer = await fetch(url);
    expect([answer.status, await answer.text()]).toEqual([
      503,
      'No worker answers: no worker in namespace reroot is ready\n',
    ]);
    isThere = true;
    expect((await fetch(url)).status).toBe(200);
  });

  it.each([
    [{ host: 'evil.example' }, 'GET', 421],
    [{}, 'POST', 405],
    [{}, 'GET', 200],
  ])('is served under its own name alone, and nothing is sent: %j %s', async (headers, method, expected) => {
    const { connect, connections } = await worker('one');
    const { url } = await serving(connect);
    const status = await new Promise((resolve, reject) => {
      http
        .request(url, { method, headers }, (response) => resolve(response.resume().statusCode))
        .once('error', reject)
        .end();
    });
    expect(status).toBe(expected);
    expect(connections()).toBe(expected === 200 ? 1 : 0);
  });
});
