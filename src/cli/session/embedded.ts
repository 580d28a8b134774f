import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { clusterAccess, refuseUnverified } from '../../../worker/access.js';
import { isAlive } from '../../ground/process.js';
import { CliError, EXIT } from '../exit-codes.js';
import { configured } from '../options/worker.js';
import { findTemporalBinary, idleFor, startDevServer } from './dev-server.js';
import {
  embeddedFiles,
  type EmbeddedFiles,
  embeddedFolder,
  type EmbeddedState,
  readState,
  removeState,
  writeState,
} from './embedded-state.js';
import { answers } from './ports.js';

/**
 * The embedded mode: without a Temporal server configured, a rotation runs on a Temporal dev server of its own, with a
 * database file, and a worker, both in one background process that outlives the terminal. After a crash or reboot the
 * next `reroot rotate` starts it again on the same database, and the rotation goes on where it was.
 */

const START_TRIES = 150;
const START_PAUSE_MS = 200;
/** Milliseconds without a running rotation after which the background process ends. */
const IDLE_MS = 60_000;
const LOG_LINES = 12;

/** The running background process, if there is one. */
export async function findEmbedded(cluster: string, env: NodeJS.ProcessEnv): Promise<EmbeddedState | undefined> {
  const state = readState(embeddedFiles(embeddedFolder(cluster, env)));
  return state && isAlive(state.pid) && (await answers(state.address)) ? state : undefined;
}

/** Whether rotations of a cluster have run here before. */
export function hasEmbeddedHistory(cluster: string, env: NodeJS.ProcessEnv): boolean {
  return existsSync(embeddedFiles(embeddedFolder(cluster, env)).database);
}

/**
 * Starts the background process if none runs, and waits until it serves.
 * @throws CliError with the end of its log when it does not
 */
export async function ensureEmbedded(cluster: string, env: NodeJS.ProcessEnv): Promise<EmbeddedState> {
  const running = await findEmbedded(cluster, env);
  if (running) return running;
  refuseToServe(env);
  const files = embeddedFiles(embeddedFolder(cluster, env));
  await endOrphan(readState(files));
  mkdirSync(files.folder, { recursive: true, mode: 0o700 });
  findTemporalBinary(env);
  const child = spawnHost(files, env);
  for (let tries = 0; tries < START_TRIES; tries += 1) {
    const state = readState(files);
    if (state && state.pid === child.pid && (await answers(state.address))) return state;
    if (child.exitCode !== null) break;
    await sleep(START_PAUSE_MS);
  }
  throw new CliError(`the embedded server did not start; the end of ${files.log}:\n${endOf(files.log)}`);
}

/**
 * The worker of the background process would refuse the same, and say so in its log alone.
 * @throws CliError where the API server is not verified
 */
function refuseToServe(env: NodeJS.ProcessEnv): void {
  const config = configured(env);
  const { k8s } = clusterAccess(config, env);
  try {
    const warning = refuseUnverified(k8s, config);
    if (warning !== undefined) process.stderr.write(`reroot: ${warning}\n`);
  } catch (error) {
    throw new CliError(error instanceof Error ? error.message : String(error), EXIT.refused);
  }
}

/** This program again, as `reroot embedded-host`, detached from the terminal. */
function spawnHost({ folder, log: file }: EmbeddedFiles, env: NodeJS.ProcessEnv): ChildProcess {
  const log = openSync(file, 'a', 0o600);
  const child = spawn(process.execPath, [process.argv[1] ?? '', 'embedded-host', '--folder', folder], {
    detached: true,
    stdio: ['ignore', log, log],
    env,
  });
  closeSync(log);
  child.unref();
  return child;
}

/** A server whose background process was killed still holds the database: it has to go before the next one. */
async function endOrphan(state: EmbeddedState | undefined): Promise<void> {
  if (!state || isAlive(state.pid) || !(await answers(state.address))) return;
  process.kill(state.serverPid, 'SIGTERM');
  for (let tries = 0; tries < START_TRIES && (await answers(state.address)); tries += 1) await sleep(START_PAUSE_MS);
}

function endOf(log: string): string {
  return existsSync(log) ? readFileSync(log, 'utf8').split('\n').slice(-LOG_LINES).join('\n') : '(no log)';
}

/** The dev server of the background process, seen from within it. */
export interface EmbeddedHost {
  address: string;
  /** Resolves when no rotation has run for a while, or the server has ended. */
  idle(): Promise<void>;
  stop(): void;
}

/** Runs the dev server of a folder; for the background process itself. */
export async function hostEmbedded(folder: string, env: NodeJS.ProcessEnv): Promise<EmbeddedHost> {
  const files = embeddedFiles(folder);
  const { process: server, address, ui } = await startDevServer(files.database, env);
  const ended = new Promise<void>((resolve) => server.once('exit', () => resolve()));
  writeState(files, { address, ui, pid: process.pid, serverPid: server.pid ?? 0 });
  return {
    address,
    idle: async () => await Promise.race([ended, idleFor(address, IDLE_MS)]),
    stop: () => {
      removeState(files);
      server.kill('SIGTERM');
    },
  };
}
