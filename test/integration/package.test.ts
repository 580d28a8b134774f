import { execFileSync, type ExecFileSyncOptionsWithStringEncoding } from 'node:child_process';
import { mkdtempSync, readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, it } from 'vitest';
import { sandbox } from './support.js';

const ROOT = path.resolve(import.meta.dirname, '../..');

it('the packed package runs outside the checkout', async () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'reroot-package-'));
  // what `npm test` hands on is the setting of this repository, not of whoever installs the package
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('npm_')));
  const quiet: ExecFileSyncOptionsWithStringEncoding = { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'], env };
  execFileSync('npm', ['pack', '--pack-destination', folder], { ...quiet, cwd: ROOT });
  const [tarball = ''] = readdirSync(folder);
  execFileSync('npm', ['init', '-y'], { ...quiet, cwd: folder });
  execFileSync('npm', ['install', `./${tarball}`], { ...quiet, cwd: folder });
  const reroot = path.join(folder, 'node_modules', '.bin', 'reroot');
  const said = execFileSync(reroot, ['preflight', '--reach', 'address', '--kubeconfig', sandbox.kubeconfig], {
    ...quiet,
    cwd: folder,
  });
  expect(said).toContain('Ready for a rotation.');
});
