import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { cliProgram, tool } from '../../sandbox/kit/index.js';
import { type DevServer, startDevServer } from '../../src/cli/session/dev-server.js';
import { embeddedFiles, type EmbeddedState, readState } from '../../src/cli/session/embedded-state.js';
import { answers, listensAt } from '../../src/cli/session/ports.js';
import { eventually, sandbox } from './support.js';

/** The embedded server among web pages, other users and accidents: a real one each time. */

const folder = mkdtempSync(path.join(tmpdir(), 'reroot-hostile-'));
const children: ChildProcess[] = [];

afterEach(async () => {
  for (const child of children.splice(0)) {
    if (child.exitCode !== null || child.signalCode !== null) continue;
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
  }
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function devServer(name: string, wanted: { ui: boolean }, program = tool('temporal')): Promise<DevServer> {
  const server = await startDevServer(path.join(folder, name), { REROOT_TEMPORAL: program }, wanted);
  children.push(server.process);
  return server;
}

function portOf({ process: { spawnargs } }: DevServer, flag: string): number {
  return Number(spawnargs[spawnargs.indexOf(flag) + 1]);
}

interface Request {
  port: number;
  host: string;
  type: string;
  url?: string;
}

/** Starts a rotation, as a web page would. */
function post({
  port,
  host,
  type,
  url = '/api/v1/namespaces/default/workflows/evil',
}: Request): Promise<{ code: number; said: string }> {
  const body = JSON.stringify({ workflowType: { name: 'rotateTrustRoot' }, taskQueue: { name: 'reroot' } });
  return new Promise((resolve, reject) => {
    const headers = { host, 'content-type': type, origin: `http://${host}` };
    const sent = request({ host: '127.0.0.1', port, path: url, method: 'POST', headers }, (response) => {
      let said = '';
      response.on('data', (text: Buffer) => (said += text.toString()));
      response.on('end', () => resolve({ code: response.statusCode ?? 0, said }));
    });
    sent.once('error', reject).end(body);
  });
}

async function workflowsAt(address: string): Promise<number> {
  const connection = await Connection.connect({ address });
  const { count } = await new Client({ connection }).workflow.count();
  await connection.close();
  return count;
}

/** Addresses where a process listens, as proc_net(5) has them. */
function listeners(pid: number): string[] {
  const sockets = new Set(readdirSync(`/proc/${pid}/fd`).map((file) => readlinkSync(`/proc/${pid}/fd/${file}`)));
  return ['tcp', 'tcp6']
    .flatMap((kind) => readFileSync(`/proc/net/${kind}`, 'utf8').split('\n'))
    .map((row) => row.trim().split(/\s+/))
    .filter(([, , , state, , , , , , inode]) => state === '0A' && sockets.has(`socket:[${inode}]`))
    .map(([, address = '']) => address);
}

describe('the embedded server', () => {
  it('refuses what a web page can send it, whatever host and content type it names', async () => {
    const server = await devServer('pages.db', { ui: false });
    const port = portOf(server, '--http-port');
    const hosts = ['evil', 'evil.example', `127.0.0.1:${port}`, `localhost:${port}`, server.address, '*'];
    for (const host of hosts)
      for (const type of ['text/plain', 'application/json', 'application/x-www-form-urlencoded'])
        expect(await post({ port, host, type }), `${type} to ${host}`).toEqual({
          code: 403,
          said: expect.stringContaining('Host not allowed') as string,
        });
    expect(
      await post({ port, host: 'evil', type: 'text/plain', url: '/nexus/endpoints/e/services/s/o' }),
    ).toMatchObject({ code: 404 });
    expect(await workflowsAt(server.address)).toBe(0);
  });

  it('listens on loopback alone, and at no port for a browser but the closed HTTP API', async () => {
    const server = await devServer('ports.db', { ui: false });
    const at = listeners(server.process.pid ?? 0);
    expect(at.length).toBeGreaterThan(2);
    expect(at.filter((address) => !address.startsWith('0100007F:'))).toEqual([]);
    expect(server.ui).toBeUndefined();
    for (const address of at) {
      const port = Number.parseInt(address.split(':')[1] ?? '', 16);
      const answer = await post({ port, host: 'evil', type: 'text/plain' }).catch(() => undefined);
      expect(answer?.code ?? 404, `port ${port} of the server`).toBeGreaterThanOrEqual(400);
    }
    expect(await workflowsAt(server.address)).toBe(0);
  });

  it('shows its UI when it was asked to, and the HTTP API is closed all the same', async () => {
    const server = await devServer('ui.db', { ui: true });
    expect((await fetch(server.ui ?? '')).status).toBe(200);
    const port = portOf(server, '--http-port');
    expect(await post({ port, host: `127.0.0.1:${port}`, type: 'text/plain' })).toMatchObject({ code: 403 });
  });

  it('is never a real Temporal server that another process runs at its port', async () => {
    const program = path.join(folder, 'temporal');
    const [leash, temporal] = [tool('leash'), tool('temporal')].map((file) => JSON.stringify(file));
    writeFileSync(
      program,
      `#!${process.execPath}
      require('node:child_process').spawn(${leash}, [${temporal}, ...process.argv.slice(2)], { stdio: 'ignore' });
      setTimeout(() => {}, 120000);`,
    );
    chmodSync(program, 0o755);
    await expect(devServer('stranger.db', { ui: false }, program)).rejects.toThrow('is answered, but not by process');
  });
});

describe('the background process', () => {
  it('opens no inspector, and ends at once when its server does: the port is anybody’s then', async () => {
    const files = embeddedFiles(mkdtempSync(path.join(folder, 'host-')));
    const env: NodeJS.ProcessEnv = { ...process.env, KUBECONFIG: sandbox.kubeconfig, REROOT_REACH: 'address' };
    const host = spawn(process.execPath, [cliProgram(), 'embedded-host', '--folder', files.folder], { env });
    children.push(host);
    let log = '';
    host.stderr.on('data', (text: Buffer) => (log += text.toString()));
    await eventually('the worker to poll', async () => log.includes('worker polls'), 60_000);
    const { serverPid, address, pid } = readState(files) as EmbeddedState;
    expect(pid).toBe(host.pid);
    expect(listensAt(serverPid, address)).toBe(true);

    process.kill(pid, 'SIGUSR1');
    await eventually('a word about the signal', async () => log.includes('opens no inspector'));
    expect(log).not.toContain('Debugger listening');
    expect(listeners(pid)).toEqual([]);

    const exit = once(host, 'exit');
    process.kill(serverPid, 'SIGKILL');
    expect(await exit).toEqual([1, null]);
    expect(log).toContain('the Temporal dev server has ended (SIGKILL), and the worker ends with it');
    expect(existsSync(files.state)).toBe(false);
    expect(await answers(address)).toBe(false);
  });
});
