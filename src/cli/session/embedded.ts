import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, existsSync, openSync, readFileSync, statSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { clusterAccess, refuseUnverified } from '../../../worker/access.js';
import { present } from '../../ground/present.js';
import { birthOf, isStillAlive } from '../../ground/process.js';
import { CliError, EXIT } from '../exit-codes.js';
import { configured } from '../options/worker.js';
import { damageText, keepVersion, keptVersion, temporalVersion, versionTrouble } from './database.js';
import { findTemporalBinary, idleFor, startDevServer } from './dev-server.js';
import {
  embeddedFiles,
  type EmbeddedFiles,
  embeddedFolder,
  type EmbeddedState,
  makeFolder,
  readState,
  removeState,
  writeState,
} from './embedded-state.js';
import { answers, listensAt } from './ports.js';

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

/** The running background process, if there is one: the very processes that were written down, and nobody else. */
export async function findEmbedded(cluster: string, env: NodeJS.ProcessEnv): Promise<EmbeddedState | undefined> {
  const state = readState(embeddedFiles(embeddedFolder(cluster, env)));
  return state && isStillAlive(state.pid, state.born) && (await isServedBy(state)) ? state : undefined;
}

async function isServedBy({ serverPid, serverBorn, address }: EmbeddedState): Promise<boolean> {
  return isStillAlive(serverPid, serverBorn) && listensAt(serverPid, address) && (await answers(address));
}

/** Whether rotations of a cluster have run here before. */
export function hasEmbeddedHistory(cluster: string, env: NodeJS.ProcessEnv): boolean {
  return existsSync(embeddedFiles(embeddedFolder(cluster, env)).database);
}

/**
 * Starts the background process if none runs, and waits until it serves.
 *
 * @param wanted `ui`: with the web UI of its server
 * @throws CliError with the end of its log when it does not
 */
export async function ensureEmbedded(
  cluster: string,
  env: NodeJS.ProcessEnv,
  wanted: { ui: boolean },
): Promise<EmbeddedState> {
  const running = await findEmbedded(cluster, env);
  if (running) return running;
  const files = embeddedFiles(embeddedFolder(cluster, env));
  await endOrphan(readState(files));
  makeFolder(files, cluster);
  refuseOlder(files, findTemporalBinary(env));
  await refuseToServe(env);
  const before = existsSync(files.log) ? statSync(files.log).size : 0;
  const child = spawnHost(files, env, wanted);
  for (let tries = 0; tries < START_TRIES; tries += 1) {
    const state = readState(files);
    if (state && state.pid === child.pid && (await isServedBy(state))) return state;
    if (child.exitCode !== null) break;
    await sleep(START_PAUSE_MS);
  }
  const said = existsSync(files.log) ? readFileSync(files.log).subarray(before).toString() : '(no log)';
  const damage = damageText(said, files);
  const end = said.trimEnd().split('\n').slice(-LOG_LINES).join('\n');
  throw new CliError(
    `the embedded server did not start; the end of ${files.log}:\n${end}${damage === undefined ? '' : `\n${damage}`}`,
  );
}

/** @throws CliError where the program is older than the one that has written the database */
function refuseOlder(files: EmbeddedFiles, binary: string): void {
  const kept = keptVersion(files);
  const trouble = kept === undefined ? undefined : versionTrouble(kept, temporalVersion(binary), files);
  if (!trouble) return;
  if (trouble.refused) throw new CliError(trouble.text, EXIT.refused);
  process.stderr.write(`reroot: ${trouble.text}\n`);
}

/**
 * The worker of the background process would refuse the same, and say so in its log alone; and it has no terminal at which an
 * exec plugin could ask somebody to sign in.
 * @throws CliError where the API server is not verified, or nobody has signed in
 */
async function refuseToServe(env: NodeJS.ProcessEnv): Promise<void> {
  const config = configured(env);
  const { k8s } = clusterAccess(config, env);
  try {
    const warning = refuseUnverified(k8s, config);
    if (warning !== undefined) process.stderr.write(`reroot: ${warning}\n`);
    await k8s.signIn();
  } catch (error) {
    throw new CliError(error instanceof Error ? error.message : String(error), EXIT.refused);
  }
}

/** Node cannot set these for itself: files for this user alone, and no core, which would hold keys. */
const LIMITED = 'umask 077; ulimit -c 0; exec "$@"';

/** This program again, as `reroot embedded-host`, detached from the terminal. */
function spawnHost(
  { folder, log: file }: EmbeddedFiles,
  env: NodeJS.ProcessEnv,
  { ui }: { ui: boolean },
): ChildProcess {
  const log = openSync(file, 'a', 0o600);
  const host = [process.execPath, process.argv[1] ?? '', 'embedded-host', '--folder', folder, ...(ui ? ['--ui'] : [])];
  const child = spawn('/bin/sh', ['-c', LIMITED, 'reroot', ...host], {
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
  if (!state || isStillAlive(state.pid, state.born)) return;
  const { serverPid, serverBorn } = state;
  // without its birth, only its port tells it from a stranger
  const isOrphan = () =>
    isStillAlive(serverPid, serverBorn) && (serverBorn !== undefined || listensAt(serverPid, state.address));
  if (!isOrphan()) return;
  process.kill(serverPid, 'SIGTERM');
  for (let tries = 0; tries < START_TRIES && isOrphan(); tries += 1) await sleep(START_PAUSE_MS);
}

/** The dev server of the background process, seen from within it. */
export interface EmbeddedHost {
  address: string;
  /** Resolves when no rotation has run for a while. */
  idle(): Promise<void>;
  stop(): void;
}

/**
 * Runs the dev server of a folder; for the background process itself. When the server ends unasked, the process ends with
 * it, at once: anybody may listen at that port from then on, and the worker must not ask a stranger for tasks.
 */
export async function hostEmbedded(
  folder: string,
  env: NodeJS.ProcessEnv,
  wanted: { ui: boolean },
): Promise<EmbeddedHost> {
  const files = embeddedFiles(folder);
  const { process: server, address, ui } = await startDevServer(files.database, env, wanted);
  keepVersion(files, temporalVersion(findTemporalBinary(env)));
  const serverPid = server.pid ?? 0;
  const ended = (code: number | null, signal: string | null) => endWithServer(files, code ?? signal);
  server.once('exit', ended);
  writeState(files, {
    ...present({ ui, born: birthOf(process.pid), serverBorn: birthOf(serverPid) }),
    ...{ address, pid: process.pid, serverPid },
  });
  return {
    address,
    idle: async () => await idleFor(address, IDLE_MS),
    stop: () => {
      removeState(files);
      server.off('exit', ended);
      server.kill('SIGTERM');
    },
  };
}

function endWithServer(files: EmbeddedFiles, how: unknown): never {
  process.stderr.write(`reroot: the Temporal dev server has ended (${String(how)}), and the worker ends with it\n`);
  removeState(files);
  process.exit(EXIT.failed);
}
