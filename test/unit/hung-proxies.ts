import net from 'node:net';
import { afterAll, beforeAll } from 'vitest';

/** Proxies that take every connection and never answer. */
export interface HungProxies {
  /** Connections that are open. */
  open: ReadonlySet<net.Socket>;
  /** Connections so far. */
  asked(): number;
}

/** Listens where proxies do, at an address of loopback, for all tests of a file or group. */
export function hungProxies(address: string): HungProxies {
  const open = new Set<net.Socket>();
  let asked = 0;
  const server = net.createServer((socket) => {
    asked += 1;
    open.add(socket);
    socket.on('error', () => undefined);
    socket.once('close', () => open.delete(socket));
    socket.resume();
  });
  beforeAll(async () => await new Promise<void>((resolve) => server.listen(4191, address, resolve)));
  afterAll(() => server.close());
  return { open, asked: () => asked };
}
