import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { fileURLToPath } from 'node:url';
import packageJson from '../../package.json' with { type: 'json' };
import { present } from '../ground/present.js';

/** Of which version and build a program is, and how a worker says so to Temporal: by its name. */

export interface Build {
  version: string;
  /** The first digits of the SHA-256 of the workflows that the build has made; absent where nothing was built. */
  workflows?: string;
}

/** Hexadecimal digits that tell two builds apart. */
const DIGITS = 12;
/** Beside the built program, or in the checkout. */
const CANDIDATES = ['./workflows.js', '../workflows.js', '../../dist/workflows.js'];

export function ownBuild(): Build {
  const file = CANDIDATES.map((candidate) => fileURLToPath(new URL(candidate, import.meta.url))).find(existsSync);
  const digest = file && createHash('sha256').update(readFileSync(file)).digest('hex');
  return { version: packageJson.version, ...present({ workflows: digest?.slice(0, DIGITS) }) };
}

/** `4711@node-1/reroot-0.8.0+21a39481118d`: who polls, as Temporal shows it. Process and host come first, as in the SDK's own. */
export function workerIdentity({ version, workflows }: Build = ownBuild()): string {
  return `${process.pid}@${hostname()}/reroot-${version}${workflows === undefined ? '' : `+${workflows}`}`;
}

/** What a worker says of itself; undefined where it is of a version before 0.8, or none of ours. */
export function buildOf(identity: string): Build | undefined {
  const [, version, workflows] = /\/reroot-([^/+\s]+)(?:\+([0-9a-f]+))?$/.exec(identity) ?? [];
  return version === undefined ? undefined : { version, ...present({ workflows }) };
}
