import { accessSync, constants } from 'node:fs';
import path from 'node:path';

/** Programs that only some tests need, by the Debian package that has each. Nothing installs them. */
const PACKAGES = {
  chromium: 'chromium',
  buildah: 'buildah',
  mmdebstrap: 'mmdebstrap',
  prometheus: 'prometheus',
  promtool: 'prometheus',
} as const;

export type DebianProgram = keyof typeof PACKAGES;

/** Where programs are, or how to get those that are not there. A test that lacks one is skipped, and so counted as not run. */
export function debian<P extends DebianProgram>(...programs: P[]): { missing: boolean; files: Record<P, string> } {
  const found = programs.map((program) => [program, fileOf(program)] as const);
  const missing = found.filter(([, file]) => file === undefined).map(([program]) => PACKAGES[program]);
  if (missing.length > 0)
    process.stderr.write(`not run, because it needs: apt-get install ${[...new Set(missing)].join(' ')}\n`);
  const files = Object.fromEntries(found.map(([program, file]) => [program, file ?? program]));
  return { missing: missing.length > 0, files: files as Record<P, string> };
}

function fileOf(program: string): string | undefined {
  const folders = (process.env['PATH'] ?? '').split(path.delimiter);
  return folders.map((folder) => path.join(folder, program)).find(isExecutable);
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
