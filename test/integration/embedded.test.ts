import { readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { afterAll, expect, it } from 'vitest';
import type { EmbeddedState } from '../../src/cli/session/embedded-state.js';
import { answers } from '../../src/cli/session/ports.js';
import type { RotationReport } from '../../src/rotation/report.js';
import { endHost, hostFiles, hostState, middleOfRotation, rerootAlone, STANDARD, stopHost } from './embedded.js';
import { anchorsInUse } from './support.js';

afterAll(endHost);

it('without a Temporal server, rotate runs one; killed in the middle, the same command goes on', async () => {
  const before = await anchorsInUse();
  expect(await rerootAlone('status')).toMatchObject({ code: 1 });
  const detached = await rerootAlone(...STANDARD, '--detach');
  expect(detached.stderr).toContain('Follow it again with: reroot rotate --cluster laptop');
  expect(detached.code).toBe(3);
  expect(detached.stderr).not.toContain('UI:');
  await middleOfRotation();
  const killed = hostState();
  expectNothingForOthers(killed);
  process.kill(killed.pid, 'SIGKILL');

  const again = await rerootAlone(...STANDARD, '-o', 'json');
  expect(again.stderr).toContain('Found the running rotation');
  expect(again.code).toBe(0);
  const report = JSON.parse(again.stdout) as RotationReport;
  expect(report.oldRoots.map(({ fingerprint }) => fingerprint)).toEqual(before.slice(-1));
  expect(await anchorsInUse()).toContain(report.newRoot.fingerprint);

  const next = hostState();
  expect(next.pid).not.toBe(killed.pid);
  expect(await answers(killed.address)).toBe(false);
  await stopHost();
});

/** Keys are in the memory of the background process, names and addresses in its files. */
function expectNothingForOthers({ pid }: EmbeddedState): void {
  expect(readFileSync(`/proc/${pid}/limits`, 'utf8')).toMatch(/^Max core file size +0 +0 /m);
  const { folder } = hostFiles();
  expect(statSync(folder).mode & 0o777).toBe(0o700);
  for (const file of readdirSync(folder)) expect(statSync(path.join(folder, file)).mode & 0o077, file).toBe(0);
}
