import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { expect } from 'vitest';
import { makeFolder } from '../../../src/cli/session/embedded-state.js';
import type { Row } from '../row.js';
import { lastLine, onLaptop, otherTemporal, REFUSED } from './kit.js';

/** Embedded servers whose program is not the one that has written their database. */

const OLDER = 'temporal version 1.4.1 (Server 1.28.0, UI 2.39.0)';
const NEWER = 'temporal version 1.99.0 (Server 1.99.0, UI 2.99.0)';

export const embeddedRows: readonly Row[] = [
  {
    report: 20,
    have: 'An older Temporal CLI on the PATH than the one that has written the embedded database',
    does: 'Refuses to open it, names both versions, and says how to go on: that version, or the database moved aside',
    made: 'process: a real embedded server, ended; then a `temporal` that says it is older',
    see: async () =>
      await onLaptop(async (laptop) => {
        expect((await laptop.reroot(REFUSED)).code).toBe(2);
        expect(readFileSync(laptop.files.version, 'utf8')).toMatch(/^temporal version .*Server/);
        await laptop.stop();
        const { code, stderr } = await laptop.reroot(REFUSED, otherTemporal(laptop.folder, OLDER));
        expect(code).toBe(2);
        expect(stderr).toContain(`"${OLDER}", which is older. Nothing was started.`);
        expect(existsSync(laptop.files.state)).toBe(false);
        return lastLine(stderr);
      }),
  },
  {
    report: 20,
    have: 'A newer Temporal CLI than the one that has written the embedded database',
    does: 'Says so and what to do if it does not start; goes on where it does, and remembers the newer version',
    made: 'process: a real embedded server, ended; then a `temporal` that says it is newer',
    see: async () =>
      await onLaptop(async (laptop) => {
        expect((await laptop.reroot(REFUSED)).code).toBe(2);
        await laptop.stop();
        const { code, stderr } = await laptop.reroot(REFUSED, otherTemporal(laptop.folder, NEWER));
        expect(stderr).toContain('PreflightFailed');
        expect(code).toBe(2);
        expect(readFileSync(laptop.files.version, 'utf8').trim()).toBe(NEWER);
        const said = stderr.split('\n').find((line) => line.includes('which is newer')) ?? '';
        expect(said).toContain('If it does not start: Use that version (REROOT_TEMPORAL names the program)');
        return said;
      }),
  },
  {
    report: 20,
    have: 'An embedded database that the Temporal CLI cannot read: damaged, or of another version',
    does: "Shows the server's own last words, and how to move the database aside without losing the rotation",
    made: 'process: a real embedded server on a file that is no database',
    sample: true,
    see: async () =>
      await onLaptop(async (laptop) => {
        makeFolder(laptop.files, 'laptop');
        writeFileSync(laptop.files.database, 'this is no database, and never was one. '.repeat(100));
        const { code, stderr } = await laptop.reroot(REFUSED);
        expect(code).toBe(1);
        expect(stderr).toContain('file is not a database');
        const said = lastLine(stderr);
        expect(said).toContain('Its database is damaged, or of another version of the Temporal CLI');
        expect(said).toContain('the next `reroot rotate` goes on from what is in the cluster');
        return said;
      }),
  },
];
