import { expect, it } from 'vitest';
import { fittingReport, reportObject } from '../../../src/records/report.js';

it('a report fits into its ConfigMap, whatever there was to note', () => {
  const notes = Array.from({ length: 300 }, () => 'ä'.repeat(2000));
  const { data } = reportObject(fittingReport({ outcome: 'completed', notes }));
  const text = data['report.json'] ?? '';
  expect(Buffer.byteLength(text)).toBeLessThan(700_000);
  expect(JSON.parse(text)).toMatchObject({ outcome: 'completed', notes: [expect.stringContaining('do not fit')] });
  expect(fittingReport({ outcome: 'completed', notes: ['one'] })).toEqual({ outcome: 'completed', notes: ['one'] });
});
