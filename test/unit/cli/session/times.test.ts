import { describe, expect, it } from 'vitest';
import { type GivenTimes, readTimes } from '../../../../src/cli/session/times.js';

const problems = (given: GivenTimes) => {
  const read = readTimes(given);
  return read.ok ? [] : read.problems;
};

describe('when a Schedule looks', () => {
  it.each([
    ['nothing', {}, { calendars: [{ hour: 3, minute: 0 }], timezone: 'UTC' }, 'daily at 03:00 UTC'],
    [
      'a time and its clock',
      { at: '22:15', timeZone: 'Europe/Berlin' },
      { calendars: [{ hour: 22, minute: 15 }], timezone: 'Europe/Berlin' },
      'daily at 22:15 Europe/Berlin',
    ],
    ['an interval', { every: '90m' }, { intervals: [{ every: 5_400_000 }] }, 'every 90m'],
    ['cron', { cron: '0 6 * * mon' }, { cronExpressions: ['0 6 * * mon'] }, 'at "0 6 * * mon" UTC'],
    [
      'cron and its clock',
      { cron: '0 6 * * *', timeZone: 'Asia/Tokyo' },
      { cronExpressions: ['0 6 * * *'], timezone: 'Asia/Tokyo' },
      'at "0 6 * * *" Asia/Tokyo',
    ],
  ] as const)('is read from %s', (_what, given, spec, text) =>
    expect(readTimes(given)).toEqual({ ok: true, times: { spec, text } }),
  );

  it.each([
    [{ at: '24:00' }, '--at: "24:00"'],
    [{ at: '3' }, '--at: "3"'],
    [{ at: '03:60' }, '--at: "03:60"'],
    [{ every: 'often' }, '--every: "often"'],
    [{ every: '10ms' }, '--every: "10ms"'],
    [{ cron: '0 6 * *' }, '--cron: "0 6 * *"'],
    [{ cron: '0 0 31 2 *' }, '--cron: "0 0 31 2 *"'],
    [{ timeZone: 'Europe/Paderborn' }, '--time-zone: "Europe/Paderborn"'],
    [{ every: '6h', timeZone: 'UTC' }, '--time-zone: an interval has none'],
    [{ at: '03:00', cron: '0 6 * * *' }, '--at, --cron: say one of them'],
  ] as const)('is refused: %j', (given, problem) =>
    expect(problems(given)).toEqual([expect.stringContaining(problem)]),
  );

  it('is refused with everything that is wrong', () => {
    expect(problems({ at: 'noon', every: 'often', timeZone: 'x' })).toHaveLength(5);
  });
});
