import { afterAll, expect, it } from 'vitest';
import { answers } from '../../src/cli/session/ports.js';
import type { RotationReport } from '../../src/rotation/report.js';
import { endHost, hostState, middleOfRotation, rerootAlone, STANDARD, stopHost } from './embedded.js';
import { anchorsInUse } from './support.js';

afterAll(endHost);

it('without a Temporal server, rotate runs one; killed in the middle, the same command goes on', async () => {
  const before = await anchorsInUse();
  expect(await rerootAlone('status')).toMatchObject({ code: 1 });
  const detached = await rerootAlone(...STANDARD, '--detach');
  expect(detached.stderr).toContain('Follow it again with: reroot rotate --cluster laptop');
  expect(detached.code).toBe(3);
  await middleOfRotation();
  const killed = hostState();
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
