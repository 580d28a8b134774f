import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import net from 'node:net';

/** Whether something listens at `host:port`. */
export function answers(address: string): Promise<boolean> {
  const [host = '', port = ''] = address.split(':');
  return new Promise((resolve) => {
    const socket = net.connect({ host, port: Number(port) });
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}

/** A port of the loopback interface that nobody listened at a moment ago. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = net.createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address ? address.port : 0));
    });
  });
}

/**
 * Whether this very process listens at the port of `host:port`. Between the moment when a port was free and the moment
 * when a server binds it, any user of the machine may take it and answer in the server's place. What a server says of
 * itself proves nothing, since other users can read its arguments; the kernel knows whose the socket is.
 */
export function listensAt(pid: number, address: string, platform: string = process.platform): boolean {
  const port = Number(address.split(':').at(-1));
  try {
    return platform === 'linux' ? holdsSocket(pid, listeners(port)) : lsofSays(pid, port);
  } catch {
    return false; // it has ended, or it is another user's
  }
}

/** proc_net(5): a row is `sl local_address rem_address st … inode`, in hexadecimal; state 0A is LISTEN. */
function listeners(port: number): string[] {
  const hex = port.toString(16).toUpperCase().padStart(4, '0');
  const rows = readFileSync('/proc/net/tcp', 'utf8').split('\n');
  return rows
    .map((row) => row.trim().split(/\s+/))
    .filter(([, local, , state]) => local?.endsWith(`:${hex}`) && state === '0A')
    .map((row) => `socket:[${row[9]}]`);
}

function holdsSocket(pid: number, sockets: readonly string[]): boolean {
  const folder = `/proc/${pid}/fd`;
  return readdirSync(folder).some((file) => sockets.includes(targetOf(`${folder}/${file}`)));
}

function targetOf(link: string): string {
  try {
    return readlinkSync(link);
  } catch {
    return ''; // closed meanwhile
  }
}

/** macOS has it in the system; it fails where there is no such socket. */
function lsofSays(pid: number, port: number): boolean {
  const args = ['-nP', '-a', '-p', `${pid}`, `-iTCP:${port}`, '-sTCP:LISTEN', '-t'];
  const found = execFileSync('lsof', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  return found.trim() === `${pid}`;
}
