import Table from 'cli-table3';
import { afterAll, describe, it } from 'vitest';
import { AREAS } from '../clusters/areas.js';

/** Every kind of cluster that docs/compatibility.md names, made and seen; the table of all comes at the end. */

const seen: [string, string, string, string][] = [];

describe.each(AREAS)('$title', ({ title, rows }) => {
  for (const { report, have, made, timeoutMs, see } of rows) {
    it(
      have,
      async () => {
        const line: [string, string, string, string] = [`${report}`, have, made, 'FAILED'];
        seen.push(line);
        line[3] = await see();
      },
      timeoutMs,
    );
  }
  if (rows.length === 0) it.todo(title);
});

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
