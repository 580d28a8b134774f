import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { plain } from '../../ground/plain.js';
import type { EmbeddedFiles } from './embedded-state.js';

/**
 * The embedded database, and the Temporal CLI that has written it. The dev server makes the tables of its own version when
 * there is no file, and opens any that is there as it is: it neither looks at its version nor brings it up to date.
 */

type Files = Pick<EmbeddedFiles, 'folder' | 'database' | 'version'>;

const VERSION_MS = 10_000;
/** How SQLite says that a file is none of its own, or not as the server expects it. */
const DAMAGED = /file is not a database|database disk image is malformed|no such (table|column)|SQL logic error/;

/** What `temporal --version` says in its first line; undefined when it says nothing. */
export function temporalVersion(binary: string): string | undefined {
  try {
    const said = execFileSync(binary, ['--version'], {
      encoding: 'utf8',
      timeout: VERSION_MS,
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    return plain(said.split('\n')[0] ?? '').trim() || undefined;
  } catch {
    return undefined;
  }
}

/** Keeps beside the database which version has written it last. */
export function keepVersion({ version: file }: Files, version: string | undefined): void {
  if (version !== undefined) writeFileSync(file, `${version}\n`, { mode: 0o600 });
}

/** The version that has written the database last; undefined: there is none, or reroot 0.4 or earlier has started it. */
export function keptVersion({ database, version: file }: Files): string | undefined {
  return existsSync(database) && existsSync(file) ? plain(readFileSync(file, 'utf8')).trim() || undefined : undefined;
}

export interface VersionTrouble {
  /** An older server would read what it does not know. */
  refused: boolean;
  text: string;
}

/** @returns undefined when nothing speaks against opening the database with this version */
export function versionTrouble(
  kept: string | undefined,
  now: string | undefined,
  files: Files,
): VersionTrouble | undefined {
  const [before, after] = [serverVersion(kept), serverVersion(now)];
  const order = before && after ? compared(after, before) : 0;
  if (order === 0) return undefined;
  const what = `the database of the embedded Temporal server (${files.database}) was written by "${kept}", and the program here is "${now}"`;
  if (order < 0) return { refused: true, text: `${what}, which is older. Nothing was started. ${cure(files)}` };
  return {
    refused: false,
    text: `${what}, which is newer and does not bring a database up to date. If it does not start: ${cure(files)}`,
  };
}

/** @param log what the server has said since its start */
export function damageText(log: string, files: Files): string | undefined {
  if (!DAMAGED.test(log)) return undefined;
  const kept = keptVersion(files);
  const writer = kept === undefined ? '' : ` (it was written by "${kept}")`;
  return `Its database is damaged, or of another version of the Temporal CLI${writer}. ${cure(files)}`;
}

function cure({ folder }: Files): string {
  return (
    'Use that version (REROOT_TEMPORAL names the program), or move the database aside: ' +
    `\`mkdir -p ${folder}/aside && mv ${folder}/temporal.db* ${folder}/aside/\`. A rotation that was running in it is not lost: ` +
    'the next `reroot rotate` goes on from what is in the cluster. What people had said to it is asked for again'
  );
}

/** `temporal version 1.5.1 (Server 1.29.1, UI 2.42.1)`: the server's, which has the tables. */
function serverVersion(text: string | undefined): number[] | undefined {
  const [, found] = /Server v?(\d+\.\d+\.\d+)/.exec(text ?? '') ?? /version v?(\d+\.\d+\.\d+)/.exec(text ?? '') ?? [];
  return found?.split('.').map(Number);
}

function compared(a: readonly number[], b: readonly number[]): number {
  const differing = a.findIndex((part, index) => part !== b[index]);
  return differing < 0 ? 0 : (a[differing] ?? 0) - (b[differing] ?? 0);
}
