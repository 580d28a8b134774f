import { existsSync } from 'node:fs';
import path from 'node:path';

/** The checkout: from sources as from dist/, the nearest folder above that has a package.json. */
export const CHECKOUT = nearestPackage(import.meta.dirname);

/** A built program, also for tests that run from sources: it starts faster, and is what users run. */
export function built(program: 'cli.js' | 'sandbox.js'): string {
  return path.join(CHECKOUT, 'dist', program);
}

function nearestPackage(folder: string): string {
  if (existsSync(path.join(folder, 'package.json'))) return folder;
  const above = path.dirname(folder);
  if (above === folder) throw new Error('the sandbox runs from a checkout of reroot only');
  return nearestPackage(above);
}
