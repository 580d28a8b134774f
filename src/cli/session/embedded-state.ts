import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';

/** Where the running server of an embedded rotation listens. */
export interface EmbeddedState {
  address: string;
  ui: string;
  /** Of the background process: worker, and parent of the server. */
  pid: number;
  serverPid: number;
}

/** Files of a cluster's embedded server, in a folder of its own. */
export interface EmbeddedFiles {
  folder: string;
  database: string;
  log: string;
  /** `EmbeddedState`, while it runs. */
  state: string;
}

/** The folder of a cluster. */
export function embeddedFolder(cluster: string, env: NodeJS.ProcessEnv): string {
  const state = env['XDG_STATE_HOME'] || path.join(homedir(), '.local', 'state');
  return path.join(state, 'reroot', cluster.replaceAll(/[^A-Za-z0-9._-]/g, '_'));
}

export function embeddedFiles(folder: string): EmbeddedFiles {
  return {
    folder,
    database: path.join(folder, 'temporal.db'),
    log: path.join(folder, 'reroot.log'),
    state: path.join(folder, 'server.json'),
  };
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
