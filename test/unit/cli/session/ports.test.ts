import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import net, { type AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { answers, freePort, listensAt } from '../../../../src/cli/session/ports.js';

const open: (net.Server | ChildProcess)[] = [];
afterEach(() => open.splice(0).forEach((each) => (each instanceof net.Server ? each.close() : each.kill('SIGKILL'))));

async function listening(): Promise<string> {
  const server = net.createServer().listen(0, '127.0.0.1');
  open.push(server);
  await once(server, 'listening');
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function hasLsof(): boolean {
  try {
    execFileSync('lsof', ['-v'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

describe.each([
  { how: 'Linux', platform: 'linux', cannot: process.platform !== 'linux' },
  { how: 'lsof, as on a Mac', platform: 'darwin', cannot: !hasLsof() },
])('whose a port is, by $how', ({ platform, cannot }) => {
  it.skipIf(cannot)('is known of the process that listens there', async () => {
    expect(listensAt(process.pid, await listening(), platform)).toBe(true);
  });
  it.skipIf(cannot)('is not that of another process, although the port answers', async () => {
    const other = spawn('sleep', ['60']);
    open.push(other);
    const address = await listening();
    expect(await answers(address)).toBe(true);
    expect(listensAt(other.pid ?? 0, address, platform)).toBe(false);
  });
  it.skipIf(cannot)('is nobody’s when nobody listens', async () => {
    expect(listensAt(process.pid, `127.0.0.1:${await freePort()}`, platform)).toBe(false);
  });
  it.skipIf(cannot)('is not that of a process that has a connection to it', async () => {
    const address = await listening();
    const [, port] = address.split(':');
    const program = `require('net').connect(${port}, '127.0.0.1', () => console.log('connected')); setTimeout(() => {}, 60000)`;
    const client = spawn(process.execPath, ['-e', program]);
    open.push(client);
    await once(client.stdout, 'data');
    expect(listensAt(client.pid ?? 0, address, platform)).toBe(false);
  });
});
