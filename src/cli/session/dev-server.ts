import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client, Connection } from '@temporalio/client';
import { present } from '../../ground/present.js';
import { CliError } from '../exit-codes.js';
import { answers, freePort, listensAt } from './ports.js';

/** A Temporal dev server that serves. */
export interface DevServer {
  process: ChildProcess;
  /** `host:port` of its frontend. */
  address: string;
  /** URL of its UI, if it has one. */
  ui?: string;
}

/** Ports that were free a moment ago may be somebody's by now: then it ends at once, and others are tried. */
const START_ATTEMPTS = 3;
const START_TRIES = 150;
const START_PAUSE_MS = 200;
const IDLE_POLL_MS = 5000;

/**
 * Starts a dev server on a database file, at free ports of the loopback interface, and makes sure that it is this one
 * that serves.
 *
 * @param wanted `ui`: with its web UI, which takes any Host header and is therefore open to web pages by DNS rebinding
 * @throws CliError that says how to get the Temporal CLI
 * @throws Error when the server ends before it serves, or when another process holds its port, each time
 */
export async function startDevServer(
  database: string,
  env: NodeJS.ProcessEnv,
  wanted: { ui: boolean },
): Promise<DevServer> {
  const binary = findTemporalBinary(env);
  for (let attempt = 1; ; attempt += 1) {
    const [port, httpPort, uiPort] = [await freePort(), await freePort(), await freePort()];
    const address = `127.0.0.1:${port}`;
    const ui = wanted.ui ? uiPort : undefined;
    const flags = devServerFlags({ database, port, httpPort, ...present({ uiPort: ui }) });
    const server = spawn(binary, flags, { stdio: ['ignore', 'inherit', 'inherit'] });
    const trouble = await troubleOf(server, address);
    if (!trouble) return { process: server, address, ...(wanted.ui ? { ui: `http://127.0.0.1:${uiPort}` } : {}) };
    await killed(server); // the next one wants the database
    if (attempt === START_ATTEMPTS) throw new Error(trouble);
  }
}

/**
 * Loopback only, and closed where it can be: its HTTP API takes any content type, and so posts from any web page, unless
 * their Host header is not allowed; it cannot be switched off, so the one that is allowed is nobody's. gRPC has to stay
 * open: the dev server knows neither TLS nor credentials nor Unix sockets.
 */
export function devServerFlags(at: { database: string; port: number; httpPort: number; uiPort?: number }): string[] {
  const settings = {
    'frontend.enableServerVersionCheck': false,
    'frontend.httpAllowedHosts': [randomBytes(16).toString('hex')],
    'system.enableNexus': false,
  };
  return [
    ...['server', 'start-dev', '--ip', '127.0.0.1', '--port', `${at.port}`, '--http-port', `${at.httpPort}`],
    ...(at.uiPort === undefined ? ['--headless'] : ['--ui-ip', '127.0.0.1', '--ui-port', `${at.uiPort}`]),
    ...['--db-filename', at.database, '--log-level', 'warn'],
    ...Object.entries(settings).flatMap(([key, value]) => [
      '--dynamic-config-value',
      `${key}=${JSON.stringify(value)}`,
    ]),
  ];
}

/** Waits until this process serves at an address. @returns why it does not, if so */
async function troubleOf(server: ChildProcess, address: string): Promise<string | undefined> {
  for (let tries = 0; tries < START_TRIES; tries += 1) {
    const whose = await answererAt(address, server.pid ?? 0);
    const serves = whose === 'ours' && (await isServing(address));
    if (hasEnded(server)) return `the Temporal dev server ended with ${server.exitCode ?? server.signalCode}`;
    if (whose === 'a stranger') return strangerAt(address, server.pid ?? 0);
    if (serves) return undefined;
    await sleep(START_PAUSE_MS);
  }
  return `the Temporal dev server does not serve at ${address}`;
}

/** The port is looked up after the answer: whoever gave it had bound the port by then. */
async function answererAt(address: string, pid: number): Promise<'ours' | 'a stranger' | undefined> {
  if (!(await answers(address))) return undefined;
  return listensAt(pid, address) ? 'ours' : 'a stranger';
}

async function killed(server: ChildProcess): Promise<void> {
  if (hasEnded(server)) return;
  const ended = new Promise((resolve) => server.once('exit', resolve));
  server.kill('SIGKILL');
  await ended;
}

function hasEnded(server: ChildProcess): boolean {
  return server.exitCode !== null || server.signalCode !== null;
}

function strangerAt(address: string, pid: number): string {
  return (
    `${address} is answered, but not by process ${pid}, which was started as the Temporal dev server: another process took ` +
    'the port first, or the `temporal` program is a script that does not `exec` the real one (let REROOT_TEMPORAL name that)'
  );
}

/** It listens before it knows its namespace: a rotation that is started in between would be refused. */
async function isServing(address: string): Promise<boolean> {
  const connection = await Connection.connect({ address }).catch(() => undefined);
  try {
    await connection?.workflowService.countWorkflowExecutions({ namespace: 'default' });
    return connection !== undefined;
  } catch {
    return false;
  } finally {
    await connection?.close();
  }
}

/** Resolves when no workflow has run on a server for a while. */
export async function idleFor(address: string, milliseconds: number): Promise<void> {
  const connection = await Connection.connect({ address });
  const client = new Client({ connection });
  for (let since = Date.now(); Date.now() - since < milliseconds; await sleep(IDLE_POLL_MS)) {
    const { count } = await client.workflow.count("ExecutionStatus = 'Running'");
    if (count > 0) since = Date.now();
  }
  await connection.close();
}

/**
 * The Temporal CLI, which carries the dev server.
 * @throws CliError that says how to get it
 */
export function findTemporalBinary(env: NodeJS.ProcessEnv): string {
  const folders = (env['PATH'] ?? '').split(path.delimiter).filter(Boolean); // an empty one would be wherever this is run
  const candidates = [env['REROOT_TEMPORAL'], ...folders.map((folder) => path.join(folder, 'temporal'))];
  const found = candidates.find((candidate) => candidate && existsSync(candidate));
  if (found) return found;
  throw new CliError(
    'no Temporal server is configured, and the `temporal` program for an embedded one is not on the PATH.\n' +
      'Install it (https://docs.temporal.io/cli), or set REROOT_TEMPORAL to it, or TEMPORAL_ADDRESS to a server.',
  );
}
