import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import {
  damageText,
  keepVersion,
  keptVersion,
  temporalVersion,
  versionTrouble,
} from '../../../../src/cli/session/database.js';
import { embeddedFiles } from '../../../../src/cli/session/embedded-state.js';

const folder = mkdtempSync(path.join(tmpdir(), 'reroot-database-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const files = embeddedFiles(folder);

const version = (cli: string, server: string) => `temporal version ${cli} (Server ${server}, UI 2.42.1)`;

describe('the database of an embedded server', () => {
  it.each([
    ['the same', version('1.5.1', '1.29.1'), version('1.5.1', '1.29.1'), undefined],
    ['another CLI with the same server', version('1.5.1', '1.29.1'), version('1.5.2', '1.29.1'), undefined],
    ['an older one', version('1.5.1', '1.29.1'), version('1.4.1', '1.28.0'), true],
    ['an older one, as numbers', version('1.5.1', '1.29.10'), version('1.5.1', '1.29.9'), true],
    ['a newer one', version('1.5.1', '1.29.1'), version('1.6.0', '1.30.0'), false],
    ['one that says no server', 'temporal version 1.5.1', 'temporal version 1.4.0', true],
    ['one that says nothing', version('1.5.1', '1.29.1'), undefined, undefined],
    ['one that says something else', version('1.5.1', '1.29.1'), 'hello', undefined],
  ])('opened with %s version', (_what, kept, now, refused) =>
    expect(versionTrouble(kept, now, files)?.refused).toBe(refused),
  );
  it('says what to do about an older program, and that no rotation is lost', () => {
    const { text = '' } = versionTrouble(version('1.5.1', '1.29.1'), version('1.4.1', '1.28.0'), files) ?? {};
    expect(text).toContain(`mv ${folder}/temporal.db* ${folder}/aside/`);
    expect(text).toContain('REROOT_TEMPORAL names the program');
    expect(text).toContain('the next `reroot rotate` goes on from what is in the cluster');
  });
  it('has its version beside it, as long as it is there', () => {
    keepVersion(files, version('1.5.1', '1.29.1'));
    expect(keptVersion(files)).toBeUndefined();
    writeFileSync(files.database, '');
    expect(keptVersion(files)).toBe(version('1.5.1', '1.29.1'));
    keepVersion(files, undefined);
    expect(readFileSync(files.version, 'utf8')).toContain('1.29.1');
  });
  it.each([
    'error creating namespace "default": file is not a database (26)',
    'SQL logic error: no such table: cluster_metadata_info (1)',
    'database disk image is malformed (11)',
  ])('that cannot be read is told from other troubles: %s', (log) =>
    expect(damageText(log, files)).toMatch(/damaged, or of another version of the Temporal CLI \(it was written by/),
  );
  it('is not blamed for a port that is taken', () =>
    expect(damageText('bind: address already in use', files)).toBeUndefined());
});

describe('the version of a program', () => {
  it('is its first line, if it has one', () => {
    const program = path.join(folder, 'temporal');
    writeFileSync(program, '#!/bin/sh\necho "temporal version 1.5.1 (Server 1.29.1, UI 2.42.1)"; echo more\n');
    chmodSync(program, 0o755);
    expect(temporalVersion(program)).toBe('temporal version 1.5.1 (Server 1.29.1, UI 2.42.1)');
    expect(temporalVersion(path.join(folder, 'nobody'))).toBeUndefined();
  });
});
