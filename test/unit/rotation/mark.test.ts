import { describe, expect, it } from 'vitest';
import { isAskedAgain, isMarkOf, markToWrite, phaseMark } from '../../../src/rotation/mark.js';

const mark = phaseMark('abc', 'trust');
const run = '0f5e9c1a-2222-3333';

describe('the mark of a phase', () => {
  it('is recognised also after a retry, and not in that of another phase', () => {
    expect(
      ['abc-trust', 'abc-trust.2', 'abc-trust.2.0f5e9c1a', 'abc-trusted', 'abc-renew', undefined].map((found) =>
        isMarkOf(found, mark),
      ),
    ).toEqual([true, true, true, false, false, false]);
  });
  it('says which retry of which run it is for, and is the same for every try', () => {
    expect(markToWrite({ mark, retry: 0, run })).toBe('abc-trust');
    expect(markToWrite({ mark, retry: 2, run })).toBe('abc-trust.2.0f5e9c1a');
    expect(markToWrite({ mark, retry: 2 })).toBe('abc-trust.2');
  });
});

describe('isAskedAgain', () => {
  it.each<[string, number, boolean]>([
    ['abc-trust', 0, false],
    ['abc-trust', 1, true],
    ['abc-trust.1.0f5e9c1a', 1, false],
    ['abc-trust.1.0f5e9c1a', 2, true],
    ['abc-trust.2.0f5e9c1a', 1, false],
    ['abc-trust.1.77777777', 0, false],
    ['abc-trust.1.77777777', 1, true],
    ['abc-trust.9', 1, true],
  ])('a workload with mark %s, at retry %i of this run: %s', (found, retry, again) => {
    expect(isAskedAgain(found, { mark, retry, run })).toBe(again);
  });
});
