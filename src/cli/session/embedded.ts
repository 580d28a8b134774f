import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import { homedir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client, Connection } from '@temporalio/client';
import { CliError } from '../exit-codes.js';

/**
 * The embedded mode: without a Temporal server configured, a rotation runs on a Temporal dev server of its own, with a
 * database file, and a worker, both in one background process that outlives the terminal. After a crash or reboot the
 * next `reroot rotate` starts it again on the same database, and the rotation goes on where it was.
 */

export interface EmbeddedState {
  address: string;
  ui: string;
  /** Of the background process: worker, and parent of the server. */
  pid: number;
  serverPid: number;
}

/** One folder for a cluster: database, logs, and where the running server listens. */
export function embeddedFolder(cluster: string, env: NodeJS.ProcessEnv): string {
  const state = env['XDG_STATE_HOME'] || path.join(homedir(), '.local', 'state');
  return path.join(state, 'reroot', cluster.replaceAll(/[^A-Za-z0-9._-]/g, '_'));
}

/** The running background process, if there is one. */
export async function findEmbedded(cluster: string, env: NodeJS.ProcessEnv): Promise<EmbeddedState | undefined> {
  const state = readState(embeddedFolder(cluster, env));
  return state && isAlive(state.pid) && (await answers(state.address)) ? state : undefined;
}

/** Starts the background process if none runs, and waits until it serves. */
export async function ensureEmbedded(cluster: string, env: NodeJS.ProcessEnv): Promise<EmbeddedState> {
  const running = await findEmbedded(cluster, env);
  if (running) return running;
  const folder = embeddedFolder(cluster, env);
  await endOrphan(readState(folder));
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  findTemporalBinary(env);
  const log = openSync(path.join(folder, 'reroot.log'), 'a', 0o600);
  const [node, script] = [process.execPath, process.argv[1] ?? ''];
  const child = spawn(node, [script, 'embedded-host', '--folder', folder], {
    detached: true,
    stdio: ['ignore', log, log],
    env,
  });
  closeSync(log);
  child.unref();
  for (let tries = 0; tries < START_TRIES; tries += 1) {
    const state = readState(folder);
    if (state && state.pid === child.pid && (await answers(state.address))) return state;
    if (child.exitCode !== null) break;
    await sleep(START_PAUSE_MS);
  }
  throw new CliError(
    `the embedded server did not start; the end of ${path.join(folder, 'reroot.log')}:\n${tail(path.join(folder, 'reroot.log'))}`,
  );
}

const START_TRIES = 150;
const START_PAUSE_MS = 200;
/** Milliseconds without a running rotation after which the background process ends. */
const IDLE_MS = 60_000;

export interface EmbeddedHost {
  address: string;
  /** Resolves when no rotation has run for a while, or the server has ended. */
  idle(): Promise<void>;
  stop(): void;
}

/** Runs the dev server of a folder; for the background process itself. */
export async function hostEmbedded(folder: string, env: NodeJS.ProcessEnv): Promise<EmbeddedHost> {
  const { server, address, ui } = await startDevServer(folder, env);
  const ended = new Promise<void>((resolve) => server.once('exit', () => resolve()));
  const state: EmbeddedState = { address, ui, pid: process.pid, serverPid: server.pid ?? 0 };
  writeFileSync(stateFile(folder), JSON.stringify(state), { mode: 0o600 });
  return {
    address,
    idle: async () => await Promise.race([ended, idleFor(address, IDLE_MS)]),
    stop: () => {
      rmSync(stateFile(folder), { force: true });
      server.kill('SIGTERM');
    },
  };
}

/** Ports that were free a moment ago may be somebody's by now: then it ends at once, and others are tried. */
const START_ATTEMPTS = 3;

async function startDevServer(
  folder: string,
  env: NodeJS.ProcessEnv,
  attempt = 1,
): Promise<{ server: ChildProcess; address: string; ui: string }> {
  const [port, uiPort, httpPort] = [await freePort(), await freePort(), await freePort()];
  const address = `127.0.0.1:${port}`;
  const flags = ['--ip', '127.0.0.1', '--port', `${port}`, '--ui-port', `${uiPort}`, '--http-port', `${httpPort}`];
  const database = ['--db-filename', path.join(folder, 'temporal.db')];
  const quiet = ['--log-level', 'warn', '--dynamic-config-value', 'frontend.enableServerVersionCheck=false'];
  const server = spawn(findTemporalBinary(env), ['server', 'start-dev', ...flags, ...database, ...quiet], {
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  for (let tries = 0; tries < START_TRIES && !(await isServing(address)); tries += 1) {
    if (server.exitCode !== null && attempt < START_ATTEMPTS) return await startDevServer(folder, env, attempt + 1);
    if (server.exitCode !== null) throw new Error(`the Temporal dev server ended with code ${server.exitCode}`);
    await sleep(START_PAUSE_MS);
  }
  return { server, address, ui: `http://127.0.0.1:${uiPort}` };
}

/** It listens before it knows its namespace: a rotation that is started in between would be refused. */
async function isServing(address: string): Promise<boolean> {
  if (!(await answers(address))) return false;
  const connection = await Connection.connect({ address }).catch(() => undefined);
  try {
    await connection?.workflowService.describeNamespace({ namespace: 'default' });
    return connection !== undefined;
  } catch {
    return false;
  } finally {
    await connection?.close();
  }
}

async function idleFor(address: string, milliseconds: number): Promise<void> {
  const connection = await Connection.connect({ address });
  const client = new Client({ connection });
  for (let since = Date.now(); Date.now() - since < milliseconds; await sleep(5000)) {
    const { count } = await client.workflow.count("ExecutionStatus = 'Running'");
    if (count > 0) since = Date.now();
  }
  await connection.close();
}

/** The Temporal CLI, which carries the dev server.
 *  @throws CliError that says how to get it */
function findTemporalBinary(env: NodeJS.ProcessEnv): string {
  const candidates = [
    env['REROOT_TEMPORAL'],
    ...(env['PATH'] ?? '').split(path.delimiter).map((folder) => path.join(folder, 'temporal')),
  ];
  const found = candidates.find((candidate) => candidate && existsSync(candidate));
  if (found) return found;
  throw new CliError(
    'no Temporal server is configured, and the `temporal` program for an embedded one is not on the PATH.\n' +
      'Install it (https://docs.temporal.io/cli), or set REROOT_TEMPORAL to it, or TEMPORAL_ADDRESS to a server.',
  );
}

/** A server whose background process was killed still holds the database: it has to go before the next one. */
async function endOrphan(state: EmbeddedState | undefined): Promise<void> {
  if (!state || isAlive(state.pid) || !(await answers(state.address))) return;
  process.kill(state.serverPid, 'SIGTERM');
  for (let tries = 0; tries < START_TRIES && (await answers(state.address)); tries += 1) await sleep(START_PAUSE_MS);
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return !isZombie(pid);
  } catch {
    return false;
  }
}

/** Ended, but its parent has not asked for its end: containers often have an init that never does. */
function isZombie(pid: number): boolean {
  try {
    return / Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8').replace(/\(.*\)/, ''));
  } catch {
    return false;
  }
}

function stateFile(folder: string): string {
  return path.join(folder, 'server.json');
}

function readState(folder: string): EmbeddedState | undefined {
  try {
    return JSON.parse(readFileSync(stateFile(folder), 'utf8')) as EmbeddedState;
  } catch {
    return undefined;
  }
}

/** Whether something listens there. */
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

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = net.createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address ? address.port : 0));
    });
  });
}

function tail(file: string): string {
  return existsSync(file) ? readFileSync(file, 'utf8').split('\n').slice(-12).join('\n') : '(no log)';
}
