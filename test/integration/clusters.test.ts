import { expect, it } from 'vitest';
import { AREAS, ROWS } from '../clusters/areas.js';
import { toBeTold, toldInDocs } from '../clusters/docs.js';
import { LONGEST_ROW_MS } from '../clusters/row.js';

/** A sample of test/all/clusters.test.ts, one or two of each kind. */
it.each(ROWS.filter(({ sample }) => sample))(
  '$title: $have',
  async ({ see }) => expect(await see()).not.toBe(''),
  LONGEST_ROW_MS,
);

it('docs/compatibility.md tells every kind of cluster that is tested, in the same words', async () => {
  expect(await toldInDocs()).toEqual(toBeTold(AREAS));
});
