import { describe, expect, it } from 'vitest';
import { away, lasting, moment } from '../../../src/picture/times.js';

const NOW = new Date('2026-11-30T17:36:30Z');
const SECOND = 1000;
const HOUR = 3600 * SECOND;
const DAY = 24 * HOUR;
const plainly = (text: string) => text.replaceAll('\u00A0', ' ');

describe('how long', () => {
  it.each([
    [-5, '0 s'],
    [400, '0 s'],
    [12 * SECOND, '12 s'],
    [90 * 60 * SECOND, '1 h 30 min'],
    [3 * DAY + 4 * HOUR + 5 * SECOND, '3 d 4 h'],
    [40 * DAY + 4 * HOUR, '40 d'],
    [10 * 365 * DAY, '10 years'],
    [Number.NaN, '?'],
  ])('%d ms are %s', (milliseconds, expected) => {
    expect(plainly(lasting(milliseconds))).toBe(expected);
  });
});

describe('when', () => {
  it.each([
    ['2026-11-30T17:33:01Z', '<time datetime="2026-11-30T17:33:01Z">17:33:01 UTC</time>', '3 min 29 s ago'],
    ['2026-12-14T17:03:00Z', '<time datetime="2026-12-14T17:03:00Z">2026-12-14 17:03 UTC</time>', 'in 13 d'],
    ['<b>', '&lt;b&gt;', 'at an unknown time'],
  ])('%s is shown with its day if that is another', (iso, expected, far) => {
    expect(plainly(moment(iso, NOW).markup)).toBe(expected);
    expect(plainly(away(iso, NOW))).toBe(far);
  });
});
