import { createHash } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';
import { CLUSTER_NAME, LONGEST_CLUSTER_NAME, WHAT_A_CLUSTER_NAME_IS } from '../../ground/cluster-name.js';
import { CliError, EXIT } from '../exit-codes.js';

/** Where the running server of an embedded rotation listens. */
export interface EmbeddedState {
  address: string;
  /** URL of its UI, if it was asked for. */
  ui?: string;
  /** Of the background process: worker, and parent of the server. */
  pid: number;
  serverPid: number;
  /** What tells the two from later processes with the same ids (`birthOf`); absent in what 0.3 wrote. */
  born?: string;
  serverBorn?: string;
}

/** Files of a cluster's embedded server, in a folder of its own. */
export interface EmbeddedFiles {
  folder: string;
  /** The name of the cluster whose folder it is; absent in folders of 0.3. */
  owner: string;
  database: string;
  /** What `temporal --version` said of the program that has written the database last; absent in folders of 0.4. */
  version: string;
  log: string;
  /** `EmbeddedState`, while it runs. */
  state: string;
}

/** Beside the folders of clusters: the sandboxes. */
const TAKEN = ['sandboxes'];

/**
 * The folder of a cluster: its name, where that is the name of a folder and no other cluster has it; else with a digest
 * behind it, because names that differ may look the same once they are folders (`a/b` and `a_b`; `A` and `a` on a Mac).
 * @throws CliError when the name is none that a cluster may have
 */
export function embeddedFolder(cluster: string, env: NodeJS.ProcessEnv): string {
  requireClusterName(cluster);
  const state = env['XDG_STATE_HOME'] || path.join(homedir(), '.local', 'state');
  const inside = (name: string): string => path.join(state, 'reroot', name);
  const plain = cluster.replaceAll(/[^A-Za-z0-9._-]/g, '_');
  const own = inside(`${plain}-${createHash('sha256').update(cluster).digest('hex').slice(0, 12)}`);
  if (/^\.+$/.test(plain) || TAKEN.includes(plain) || existsSync(own)) return own;
  const { folder, owner, database } = embeddedFiles(inside(plain));
  if (existsSync(owner)) return readFileSync(owner, 'utf8') === cluster ? folder : own;
  // 0.3 wrote no owner, and called every folder like this
  return plain === cluster || existsSync(database) ? folder : own;
}

function requireClusterName(cluster: string): void {
  if (CLUSTER_NAME.test(cluster) && cluster.length <= LONGEST_CLUSTER_NAME) return;
  throw new CliError(
    `${JSON.stringify(cluster.slice(0, LONGEST_CLUSTER_NAME))} cannot be the name of a cluster: that is ` +
      `${WHAT_A_CLUSTER_NAME_IS}, of ${LONGEST_CLUSTER_NAME} at most. Give --cluster (or REROOT_CLUSTER) such a name`,
    EXIT.refused,
  );
}

export function embeddedFiles(folder: string): EmbeddedFiles {
  return {
    folder,
    owner: path.join(folder, 'cluster'),
    database: path.join(folder, 'temporal.db'),
    version: path.join(folder, 'temporal-version'),
    log: path.join(folder, 'reroot.log'),
    state: path.join(folder, 'server.json'),
  };
}

/** Makes the folder of a cluster, for this user alone. */
export function makeFolder({ folder, owner }: EmbeddedFiles, cluster: string): void {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  chmodSync(folder, 0o700); // it may have been there
  if (!existsSync(owner)) writeFileSync(owner, cluster, { mode: 0o600 });
}

export function readState({ state }: EmbeddedFiles): EmbeddedState | undefined {
  try {
    return JSON.parse(readFileSync(state, 'utf8')) as EmbeddedState;
  } catch {
    return undefined;
  }
}

export function writeState({ state: file }: EmbeddedFiles, state: EmbeddedState): void {
  writeFileSync(file, JSON.stringify(state), { mode: 0o600 });
}

export function removeState({ state }: EmbeddedFiles): void {
  rmSync(state, { force: true });
}
