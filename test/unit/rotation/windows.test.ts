import { describe, expect, it } from 'vitest';
import { readInput } from '../../../src/rotation/input.js';
import type { RolloutWindow } from '../../../src/rotation/rollout-fields.js';
import { longestClosed, opensText, windowAt } from '../../../src/rotation/windows.js';

interface Given {
  cron: string;
  timeZone?: string;
  for: string;
}

function windows(...given: Given[]): RolloutWindow[] {
  const result = readInput({ rollout: { windows: given } });
  if (!result.ok) throw new Error(result.problems.join('\n'));
  return result.settings.rollout.windows;
}

/** `until …`, or `opens …`, in short. */
function at(given: Given[], now: string): string {
  const state = windowAt(windows(...given), new Date(now));
  const time = state.open ? state.until : state.opens;
  return `${state.open ? 'until' : 'opens'} ${time?.toISOString().replace(':00.000Z', 'Z') ?? 'ever'}`;
}

const night = { cron: '0 22 * * *', for: '6h' };
const berlin = (cron: string, length: string): Given => ({ cron, timeZone: 'Europe/Berlin', for: length });

describe('windowAt', () => {
  it('is open for ever where there are no windows', () => {
    expect(windowAt([], new Date())).toEqual({ open: true, until: undefined });
  });
  it.each([
    ['before', '2026-06-01T21:59:59Z', 'opens 2026-06-01T22:00Z'],
    ['at its opening', '2026-06-01T22:00:00Z', 'until 2026-06-02T04:00Z'],
    ['after midnight', '2026-06-02T01:00:00.123Z', 'until 2026-06-02T04:00Z'],
    ['in its last moment', '2026-06-02T03:59:59.999Z', 'until 2026-06-02T04:00Z'],
    ['at its end', '2026-06-02T04:00:00Z', 'opens 2026-06-02T22:00Z'],
    ['after it', '2026-06-02T04:00:00.001Z', 'opens 2026-06-02T22:00Z'],
  ])('of one window, %s', (_when, now, state) => expect(at([night], now)).toBe(state));
  it('takes windows that overlap, or follow at once, for one', () => {
    const morning = { cron: '0 3 * * *', for: '2h' };
    const noon = { cron: '0 5 * * *', for: '7h' };
    expect(at([morning, night, noon], '2026-06-01T23:00:00Z')).toBe('until 2026-06-02T12:00Z');
    expect(at([morning, night], '2026-06-01T12:00:00Z')).toBe('opens 2026-06-01T22:00Z');
    expect(at([night, morning], '2026-06-01T02:59:00Z')).toBe('until 2026-06-01T05:00Z');
  });
  it('ends a window inside of another with the outer one', () => {
    expect(at([night, { cron: '0 23 * * *', for: '1h' }], '2026-06-01T23:30:00Z')).toBe('until 2026-06-02T04:00Z');
  });
  it('is open all the time where a window lasts longer than its period', () => {
    const state = windowAt(windows({ cron: '0 3 * * *', for: '2d' }), new Date('2026-06-01T00:00:00Z'));
    expect(state.open && state.until && state.until > new Date('2027-01-01')).toBe(true);
    expect(at([{ cron: '* * * * *', for: '1m' }], '2026-06-01T00:00:30Z')).toMatch(/^until/);
  });
  it('opens on the days that it says, by the calendar of its time zone', () => {
    expect(at([berlin('0 1 * * sat', '2h')], '2026-06-05T12:00:00Z')).toBe('opens 2026-06-05T23:00Z');
    expect(at([{ cron: '0 0 29 2 *', for: '1d' }], '2026-06-05T12:00:00Z')).toBe('opens 2028-02-29T00:00Z');
  });
});

/** Europe/Berlin: on 29 March 2026 there is no 02:00 to 03:00, on 25 October 2026 it is there twice. */
describe('windows when the clocks change', () => {
  it.each([
    ['before', '2026-03-27T12:00:00Z', 'opens 2026-03-28T01:30Z'],
    ['in the hour that is left out', '2026-03-28T12:00:00Z', 'opens 2026-03-29T01:00Z'],
    ['after', '2026-03-29T12:00:00Z', 'opens 2026-03-30T00:30Z'],
  ])('in spring, %s', (_when, now, state) => expect(at([berlin('30 2 * * *', '1h')], now)).toBe(state));
  it.each([
    ['opens the first time', '2026-10-24T12:00:00Z', 'opens 2026-10-25T00:30Z'],
    ['is open from then on for its time', '2026-10-25T00:31:00Z', 'until 2026-10-25T00:50Z'],
    ['does not open a second time', '2026-10-25T01:31:00Z', 'opens 2026-10-26T01:30Z'],
  ])('in autumn, %s', (_what, now, state) => expect(at([berlin('30 2 * * *', '20m')], now)).toBe(state));
  it.each([
    ['2026-03-29T00:30:00Z', 'until 2026-03-29T03:00Z'],
    ['2026-10-25T00:30:00Z', 'until 2026-10-25T02:00Z'],
  ])('last as long as they say, whatever the clock on the wall shows: %s', (now, state) => {
    expect(at([berlin('0 23 * * *', '5h')], now)).toBe(state);
  });
});

describe('longestClosed', () => {
  const from = new Date('2026-06-01T12:00:00Z'); // a Monday
  it.each([
    ['none', [], 0],
    ['one a night', [night], 18],
    ['one that is always open', [{ cron: '0 0 * * *', for: '1d' }], 0],
    ['one a week', [{ cron: '0 12 * * sat', for: '12h' }], 6.5 * 24],
    ['one a month', [{ cron: '0 0 1 * *', for: '2d' }], 28 * 24],
  ])('of %s', (_what, given, hours) => expect(longestClosed(windows(...given), from)).toBe(hours * 3_600_000));
});

describe('when a window opens', () => {
  it('is said in UTC and on the clock of its own zone', () => {
    const state = windowAt(windows(berlin('0 22 * * *', '6h')), new Date('2026-12-01T12:00:00Z'));
    expect(state.open ? '' : opensText(state)).toMatch(
      /^2026-12-01T21:00:00.000Z \(Tue,? 1 Dec,? 22:00 Europe\/Berlin\)$/,
    );
  });
});
