import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client, Connection } from '@temporalio/client';
import { CliError } from '../exit-codes.js';
import { answers, freePort } from './ports.js';

/** A Temporal dev server that serves. */
export interface DevServer {
  process: ChildProcess;
  /** `host:port` of its frontend. */
  address: string;
  /** URL of its UI. */
  ui: string;
}

/** Ports that were free a moment ago may be somebody's by now: then it ends at once, and others are tried. */
const START_ATTEMPTS = 3;
const START_TRIES = 150;
const START_PAUSE_MS = 200;
const IDLE_POLL_MS = 5000;

/**
 * Starts a dev server on a database file, at free ports of the loopback interface.
 * @throws CliError that says how to get the Temporal CLI
 * @throws Error when the server ends before it serves
 */
export async function startDevServer(database: string, env: NodeJS.ProcessEnv, attempt = 1): Promise<DevServer> {
  const [port, uiPort, httpPort] = [await freePort(), await freePort(), await freePort()];
  const address = `127.0.0.1:${port}`;
  const flags = ['--ip', '127.0.0.1', '--port', `${port}`, '--ui-port', `${uiPort}`, '--http-port', `${httpPort}`];
  const quiet = ['--log-level', 'warn', '--dynamic-config-value', 'frontend.enableServerVersionCheck=false'];
  const server = spawn(
    findTemporalBinary(env),
    ['server', 'start-dev', ...flags, '--db-filename', database, ...quiet],
    { stdio: ['ignore', 'inherit', 'inherit'] },
  );
  for (let tries = 0; tries < START_TRIES && !(await isServing(address)); tries += 1) {
    if (server.exitCode !== null && attempt < START_ATTEMPTS) return await startDevServer(database, env, attempt + 1);
    if (server.exitCode !== null) throw new Error(`the Temporal dev server ended with code ${server.exitCode}`);
    await sleep(START_PAUSE_MS);
  }
  return { process: server, address, ui: `http://127.0.0.1:${uiPort}` };
}

/** It listens before it knows its namespace: a rotation that is started in between would be refused. */
async function isServing(address: string): Promise<boolean> {
  if (!(await answers(address))) return false;
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
