import net from 'node:net';

/** What is one sandbox's own: its process holds it by a listener, for as long as it lives. */
export interface Network {
  /** Second byte of a /16 of loopback addresses: the pods are 127.<net>.x.y. */
  net: number;
  /** Ports of 127.0.0.1 that nobody listens at; none is given out twice. */
  freePorts(count: number): Promise<number[]>;
}

const CLAIM_PORT = 4191;
const FIRST_NET = 20;
const NETS = 230;
/** Below those that the kernel gives to whoever asks it for any: nobody comes across them before they are used. */
const FIRST_PORT = 10_000;
const PORTS = 80;

/** @throws Error when this machine runs as many sandboxes as there are networks */
export async function claimNetwork(): Promise<Network> {
  for (let tries = 0; tries < NETS; tries += 1) {
    const candidate = (process.pid + tries) % NETS;
    try {
      const server = await listen(`127.${FIRST_NET + candidate}.255.250`, CLAIM_PORT);
      server.unref();
      return { net: FIRST_NET + candidate, freePorts: portsOf(FIRST_PORT + candidate * PORTS) };
    } catch {
      // another sandbox has it
    }
  }
  throw new Error('every loopback network is taken');
}

function portsOf(first: number): Network['freePorts'] {
  let next = first;
  const freePort = async (): Promise<number> => {
    while (next < first + PORTS) {
      const port = next++;
      if (await isFree(port)) return port;
    }
    throw new Error(`no port is free from ${first} to ${next - 1}`);
  };
  return async (count) => await Promise.all(Array.from({ length: count }, freePort));
}

async function isFree(port: number): Promise<boolean> {
  const server = await listen('127.0.0.1', port).catch(() => undefined);
  if (server) await new Promise((resolve) => server.close(resolve));
  return server !== undefined;
}

function listen(host: string, port: number): Promise<net.Server> {
  return new Promise((resolve, reject) => {
    const server = net.createServer((socket) => socket.destroy());
    server.once('error', reject);
    server.listen(port, host, () => resolve(server));
  });
}
