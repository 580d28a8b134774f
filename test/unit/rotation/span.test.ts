import { describe, expect, it } from 'vitest';
import { inLanes, span, spanText } from '../../../src/rotation/span.js';

describe('spanText', () => {
  const MIN = 60_000;
  const HOUR = 60 * MIN;
  it.each([
    [0, 0, 'a few seconds'],
    [1000, 9000, 'a few seconds'],
    [1000, 42_000, 'up to 45 s'],
    [21_000, 42_000, '20 to 45 s'],
    [2000, 125_000, 'up to 3 min'],
    [7000, 125_000, '5 s to 3 min'],
    [30 * MIN, 4 * HOUR, '30 min to 4 h'],
    [4 * MIN + 1, 9 * MIN, '4 to 9 min'],
    [9 * MIN - 1000, 9 * MIN, '8 to 9 min'],
    [9 * MIN, 9 * MIN, 'about 9 min'],
    [32.5 * MIN, 1.55 * HOUR, '32 to 93 min'],
    [15.4 * HOUR, 16.8 * HOUR, '15 to 17 h'],
    [40 * HOUR, 70 * HOUR, '1 to 3 d'],
  ])('%d to %d ms is %s', (from, to, text) => expect(spanText(span(from, to))).toBe(text));
});

describe('inLanes', () => {
  it('gives the next to the lane that is free first', () => {
    expect(inLanes([span(3, 4), span(1, 4), span(1, 1)], 2)).toEqual(span(3, 5));
  });
  it('is one after the other in one lane, and no time for nothing', () => {
    expect(inLanes([span(3, 4), span(1, 4)], 1)).toEqual(span(4, 8));
    expect(inLanes([], 4)).toEqual(span(0, 0));
  });
  it('has as many lanes as anybody likes', () => {
    const many = Array.from({ length: 100_000 }, (_, index) => span(index, 2));
    expect(inLanes(many, 100_000)).toEqual(span(99_999, 2));
    expect(inLanes(many, 50_000)).toEqual(span(99_999 + 49_999, 4));
  });
});
