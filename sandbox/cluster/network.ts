import net from 'node:net';

/** Ports that nobody listens on. */
export async function freePorts(count: number): Promise<number[]> {
  // all at once, so that none is given out twice
  const servers = await Promise.all(Array.from({ length: count }, async () => await listen('127.0.0.1', 0)));
  const ports = servers.map((server) => (server.address() as net.AddressInfo).port);
  await Promise.all(servers.map(async (server) => await new Promise((resolve) => server.close(resolve))));
  return ports;
}

/** A /16 of loopback addresses for the pods of one sandbox, held by a listener for as long as this process lives. */
export interface PodNetwork {
  /** Second byte: the pods are 127.<net>.x.y. */
  net: number;
}

const CLAIM_PORT = 4191;

export async function claimPodNetwork(): Promise<PodNetwork> {
  const first = 20 + (process.pid % 200);
  for (let tries = 0; tries < 230; tries += 1) {
    const candidate = 20 + ((first - 20 + tries) % 230);
    try {
      const server = await listen(`127.${candidate}.255.250`, CLAIM_PORT);
      server.unref();
      return { net: candidate };
    } catch {
      // another sandbox has it
    }
  }
  throw new Error('every loopback network is taken');
}

function listen(host: string, port: number): Promise<net.Server> {
  return new Promise((resolve, reject) => {
    const server = net.createServer((socket) => socket.destroy());
    server.once('error', reject);
    server.listen(port, host, () => resolve(server));
  });
}
