import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { STEP_WAITS, WAITS } from '../../../src/rotation/waits.js';

const ROOT = path.resolve(import.meta.dirname, '../../..');
const text = readFileSync(path.join(ROOT, 'docs/safety.md'), 'utf8');

/** The rows of the first table under a heading, as cells. */
function rowsUnder(heading: string): string[][] {
  const lines = text
    .slice(text.indexOf(`\n## ${heading}\n`))
    .split('\n')
    .slice(2);
  const begin = lines.findIndex((line) => line.startsWith('|'));
  const end = lines.findIndex((line, index) => index > begin && !line.startsWith('|'));
  const rows = lines.slice(begin + 2, end);
  return rows.map((row) =>
    row
      .split(/(?<!\\)\|/)
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
}

/** `test/file.test.ts: "the name of the test"`, several with semicolons. */
function proofs(cell: string): { file: string; name: string }[] {
  return [...cell.matchAll(/`(test\/[^`]+)`: "([^"]+)"/g)].map(([, file = '', name = '']) => ({ file, name }));
}

const waits = rowsUnder('What it waits for');

describe('the table of waits', () => {
  it('has every wait of the workflow, in the words that a person reads', () => {
    const documented = Object.fromEntries(waits.map(([name = '', ...rest]) => [name, rest.slice(0, 4)]));
    for (const [name, wait] of Object.entries(WAITS)) {
      expect(documented[name]).toEqual([wait.for, wait.ends, wait.asks, wait.todo]);
    }
  });
  it('has every wait of the steps, and no other', () => {
    const documented = Object.fromEntries(waits.map(([name = '', ...rest]) => [name, rest.slice(0, 3)]));
    for (const [name, wait] of Object.entries(STEP_WAITS))
      expect(documented[name]).toEqual([wait.for, wait.ends, wait.asks]);
    expect(Object.keys(documented).toSorted()).toEqual([...Object.keys(WAITS), ...Object.keys(STEP_WAITS)].toSorted());
  });
});

const proven = [...waits, ...rowsUnder('What holds, and what proves it')].map(
  (cells) => [cells[0] ?? '', cells.at(-1) ?? ''] as const,
);

describe('what proves it', () => {
  it.each(proven)('%s: each test that is named is there', (_what, cell) => {
    const named = proofs(cell);
    expect(named.length).toBeGreaterThan(0);
    for (const { file, name } of named) {
      const source = path.join(ROOT, file);
      expect(existsSync(source), file).toBe(true);
      expect(readFileSync(source, 'utf8'), file).toContain(name);
    }
  });
});
