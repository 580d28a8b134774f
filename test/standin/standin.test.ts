import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

const STAND_IN = path.resolve(import.meta.dirname, '../../sandbox/linkerd/standin');

it("the stand-in keeps Linkerd's rules (its own tests, in Go)", { timeout: 900_000 }, async () => {
  const { stdout } = await promisify(execFile)('go', ['test', './...'], { cwd: STAND_IN, maxBuffer: 10_000_000 });
  expect(stdout).toMatch(/^ok\s/m);
});
