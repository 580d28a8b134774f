import { describe, expect, it } from 'vitest';
import { formatDuration, parseDuration } from '../../../src/ground/duration.js';

describe('parseDuration', () => {
  it.each([
    ['90s', 90_000],
    ['1h30m', 5_400_000],
    ['10y', 315_360_000_000],
    ['250ms', 250],
  ])('reads %s', (text, milliseconds) => expect(parseDuration(text)).toBe(milliseconds));
  it.each(['', '10', 'h', '1x', '-1s', '1h 30m'])('refuses %j', (text) => expect(parseDuration(text)).toBeUndefined());
});

describe('formatDuration', () => {
  it.each([
    [0, '0ms'],
    [999, '999ms'],
    [61_000, '1m1s'],
    [90_061_000, '1d1h'],
  ])('writes %d ms in two units at most', (milliseconds, text) => expect(formatDuration(milliseconds)).toBe(text));
});
