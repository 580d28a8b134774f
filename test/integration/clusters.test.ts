import { describe, expect, it } from 'vitest';
import { AREAS } from '../clusters/areas.js';
import { toBeTold, toldInDocs } from '../clusters/docs.js';

/** A sample of test/all/clusters.test.ts, one or two of each kind. */
const SAMPLED = AREAS.map(({ title, rows }) => ({ title, rows: rows.filter(({ sample }) => sample) }));

describe.each(SAMPLED.filter(({ rows }) => rows.length > 0))('$title', ({ rows }) => {
  for (const { have, timeoutMs, see } of rows) {
    it(have, async () => expect(await see()).not.toBe(''), timeoutMs);
  }
});

it('docs/compatibility.md tells every kind of cluster that is tested, in the same words', async () => {
  expect(await toldInDocs()).toEqual(toBeTold(AREAS));
});
