import Table from 'cli-table3';
import { afterAll, expect, it } from 'vitest';
import { ROWS } from '../clusters/areas.js';
import { LONGEST_ROW_MS } from '../clusters/row.js';

/** Every kind of cluster that docs/compatibility.md names, made and seen; the table of all comes at the end. */

const seen: [string, string, string, string][] = [];

it.each(ROWS)(
  '$title: $have',
  async ({ report, have, made, see }) => {
    const line: [string, string, string, string] = [`${report}`, have, made, 'FAILED'];
    seen.push(line);
    line[3] = await see();
    expect(line[3]).not.toBe('');
  },
  LONGEST_ROW_MS,
);

afterAll(() => {
  const table = new Table({
    head: ['report', 'what people have', 'what was made', 'what reroot said or did'],
    colWidths: [8, 42, 42, 66],
    wordWrap: true,
    style: { head: [], border: [] },
  });
  table.push(...seen);
  process.stdout.write(`\n${table.toString()}\n${seen.length} rows\n`);
});
