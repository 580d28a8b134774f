import { once } from 'node:events';
import tls from 'node:tls';
import { SocksClient, type SocksProxy } from 'socks';
import { Agent, type buildConnector } from 'undici';

/**
 * Adapter: a pool of connections through a SOCKS proxy. The library's own takes the name of the server for `tls-server-name`, and
 * gives the proxy no password; undici's is experimental.
 */
export function socksPool(proxyUrl: string, requestTls: tls.ConnectionOptions): Agent {
  const proxy = proxyAt(new URL(proxyUrl));
  const open = async ({ hostname, port, protocol }: buildConnector.Options): Promise<tls.TLSSocket> => {
    const host = hostname.replaceAll(/^\[|\]$/g, '');
    const destination = { host, port: Number(port) || (protocol === 'https:' ? 443 : 80) };
    const { socket: tunnel } = await SocksClient.createConnection({ proxy, command: 'connect', destination });
    const socket = tls.connect({ ...requestTls, socket: tunnel, servername: requestTls.servername ?? host });
    await once(socket, 'secureConnect');
    return socket;
  };
  return new Agent({
    connect: (options, callback) => {
      open(options).then(
        (socket) => callback(null, socket),
        (error: unknown) => callback(error instanceof Error ? error : new Error(String(error)), null),
      );
    },
  });
}

function proxyAt({ hostname, port, username, password }: URL): SocksProxy {
  return {
    ...{ host: hostname.replaceAll(/^\[|\]$/g, ''), port: Number(port) || 1080, type: 5 },
    ...(username ? { userId: decodeURIComponent(username), password: decodeURIComponent(password) } : {}),
  };
}
