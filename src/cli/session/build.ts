import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** What the build has made: the workflows that a worker of this package runs (worker/run.ts looks in the same places). */
const CANDIDATES = ['./workflows.js', '../workflows.js', '../../../dist/workflows.js'];

/**
 * SHA-256 of the workflows' bundle. Temporal knows a worker's build by it: `@temporalio/worker@VERSION+THIS`.
 * @returns undefined where nothing was built
 */
export function workflowsDigest(): string | undefined {
  const file = CANDIDATES.map((candidate) => fileURLToPath(new URL(candidate, import.meta.url))).find(existsSync);
  return file === undefined ? undefined : createHash('sha256').update(readFileSync(file)).digest('hex');
}

/** The same of a worker's build id; undefined where it is not of that form. */
export function digestOf(buildId: string | undefined): string | undefined {
  return /\+([0-9a-f]{64})$/.exec(buildId ?? '')?.[1];
}
