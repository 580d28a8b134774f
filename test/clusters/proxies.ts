import http from 'node:http';
import net from 'node:net';

/** Proxies as companies have them: real ones, of this machine, which know one name. */

export interface Proxy {
  /** `127.0.0.1:1234`. */
  address: string;
  /** What was asked for, `host:port` each. */
  tunnels: string[];
  /** `Proxy-Authorization` of each. */
  credentials: (string | undefined)[];
  close(): void;
}

type Listening = Omit<Proxy, 'address' | 'close'>;

/** @param target where every tunnel leads, whatever it was asked for: the name is known to nobody else */
export async function connectProxy(target: string): Promise<Proxy> {
  const seen: Listening = { tunnels: [], credentials: [] };
  const server = http.createServer((_request, response) => response.writeHead(400).end());
  server.on('connect', (request: http.IncomingMessage, client: net.Socket) => {
    seen.tunnels.push(request.url ?? '');
    seen.credentials.push(request.headers['proxy-authorization']);
    tunnel(client, target, () => client.write('HTTP/1.1 200 Connection established\r\n\r\n'));
  });
  return await listening(server, seen);
}

/** RFC 1928, as far as a client of names without a password needs it. */
export async function socksProxy(target: string): Promise<Proxy> {
  const seen: Listening = { tunnels: [], credentials: [] };
  const server = net.createServer((client) => {
    client.once('data', () => {
      client.write(Buffer.from([5, 0]));
      client.once('data', (request: Buffer) => {
        const isName = request[3] === 3;
        const end = isName ? 5 + (request[4] ?? 0) : 8;
        const host = isName ? request.subarray(5, end).toString() : [...request.subarray(4, end)].join('.');
        seen.tunnels.push(`${host}:${request.readUInt16BE(end)}`);
        tunnel(client, target, () => client.write(Buffer.from([5, 0, 0, 1, 0, 0, 0, 0, 0, 0])));
      });
    });
    client.on('error', () => undefined);
  });
  return await listening(server, seen);
}

function tunnel(client: net.Socket, target: string, established: () => void): void {
  const [host = '', port] = target.split(':');
  const server = net.connect(Number(port), host, () => {
    established();
    server.pipe(client).pipe(server);
  });
  for (const [end, other] of [
    [client, server],
    [server, client],
  ] as const)
    end.on('error', () => other.destroy()).on('close', () => other.destroy());
}

async function listening(server: net.Server, seen: Listening): Promise<Proxy> {
  const sockets = new Set<net.Socket>();
  server.on('connection', (socket: net.Socket) => void sockets.add(socket));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    ...seen,
    address: `127.0.0.1:${(server.address() as net.AddressInfo).port}`,
    close: () => {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}
