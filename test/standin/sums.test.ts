import { execFile } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { devNull, tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterEach, expect, it } from 'vitest';

const ROOT = path.resolve(import.meta.dirname, '../..');
const copy = mkdtempSync(path.join(tmpdir(), 'reroot-sums-'));
afterEach(() => rmSync(copy, { recursive: true, force: true }));

it('a program is not built from a module that go.sum does not list, nor is it added there', async () => {
  cpSync(path.join(ROOT, 'sandbox', 'linkerd', 'standin'), copy, { recursive: true });
  const sums = path.join(copy, 'go.sum');
  const all = readFileSync(sums, 'utf8');
  const fewer = all.split('\n').filter((line) => !line.startsWith('k8s.io/client-go '));
  expect(fewer.length).toBeLessThan(all.split('\n').length);
  writeFileSync(sums, fewer.join('\n'));

  await expect(build()).rejects.toThrow('missing go.sum entry');
  expect(readFileSync(sums, 'utf8')).toBe(fewer.join('\n'));
}, 60_000);

async function build(): Promise<void> {
  const script = path.join(ROOT, 'scripts', 'tools.mjs');
  const { BUILD_ENV } = (await import(script)) as { BUILD_ENV: NodeJS.ProcessEnv };
  const env = { ...process.env, ...BUILD_ENV };
  await promisify(execFile)('go', ['build', '-o', devNull, '.'], { cwd: copy, env });
}
