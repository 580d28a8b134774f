import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect } from 'vitest';
import type { RotationReport } from '../../../src/rotation/report.js';
import { reroot } from '../../integration/support.js';
import { found, preflight, type Row, said } from '../row.js';
import { aheadBy, ownNamespace, WHOLE, withWorker } from './kit.js';

/** Machines whose clock is not the cluster's. */

const SECOND_MS = 1000;
/** New certificates are back-dated by a minute; by the worker's clock it would be ten seconds. */
const BACKDATED_MS = 30 * SECOND_MS;

async function withClock<T>(milliseconds: number, work: (env: NodeJS.ProcessEnv) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(path.join(tmpdir(), 'reroot-clock-'));
  try {
    return await work(aheadBy(folder, milliseconds));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

export const clockRows: readonly Row[] = [
  {
    report: 19,
    have: 'A clock that is some seconds from that of the API server',
    does: 'Preflight warns (`ClockSkew`), with how many',
    made: "API server: its own `Date`, read by a command line whose clock is 40 s ahead; and one that has the server's",
    sample: true,
    see: async () =>
      await withClock(40 * SECOND_MS, async (env) => {
        const finding = found(await preflight([], env), 'ClockSkew');
        expect(finding).toMatchObject({
          severity: 'warn',
          message: expect.stringMatching(/ (39|40|41) s ahead of/) as string,
        });
        const { findings } = await preflight();
        expect(findings.map(({ reason }) => reason)).not.toContain('ClockSkew');
        return said(finding);
      }),
  },
  {
    report: 19,
    have: 'A clock that is minutes off',
    does: 'Preflight refuses, and says to let NTP set it',
    made: 'API server: its own `Date`, read by a command line whose clock is 3 minutes behind',
    see: async () =>
      await withClock(-180 * SECOND_MS, async (env) => {
        const seen = await preflight([], env);
        const finding = found(seen, 'ClockSkew');
        expect(seen.code).toBe(2);
        expect(finding).toMatchObject({ severity: 'block', hint: expect.stringContaining('NTP') as string });
        return said(finding);
      }),
  },
  {
    report: 19,
    have: 'A worker whose clock is ahead by most of what new certificates are back-dated by',
    does: "Dates root and issuer by the cluster's clock: they are valid at once everywhere, and nobody is refused",
    made: 'API server: a whole rotation by a worker whose clock is 50 s ahead',
    see: async () =>
      await withClock(50 * SECOND_MS, async (clock) => {
        const own = await ownNamespace();
        return await withWorker({ ...own.env, ...clock }, async () => {
          const started = Date.now();
          const { code, stdout, stderr } = await reroot([...WHOLE, '-o', 'json'], own.env);
          expect(code, stderr).toBe(0);
          const { newRoot, newIssuer, notes, phases } = JSON.parse(stdout) as RotationReport;
          const made = Date.parse(phases.find(({ phase }) => phase === 'generate')?.startedAt ?? '');
          expect(made).toBeGreaterThanOrEqual(started - SECOND_MS);
          for (const certificate of [newRoot, newIssuer])
            expect(made - Date.parse(certificate?.notBefore ?? '')).toBeGreaterThan(BACKDATED_MS);
          expect(notes.join('\n')).toContain('ClockSkew');
          return `root made at ${new Date(made).toISOString()}, valid from ${newRoot.notBefore} on`;
        });
      }),
  },
];
