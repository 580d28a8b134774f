import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fitting, jsonBytes } from '../../../src/ground/size.js';
import { hostileText } from '../hostile.js';

describe('what fits', () => {
  it('is counted in bytes of JSON', () => {
    fc.assert(
      fc.property(fc.dictionary(hostileText, hostileText), (value) => {
        expect(jsonBytes(value)).toBe(Buffer.byteLength(JSON.stringify(value)));
      }),
    );
    expect(jsonBytes(undefined)).toBe(0);
  });
  it('is so many at most, of so many bytes', () => {
    expect(fitting(['a', 'b', 'c'], { most: 2, bytes: 100 })).toEqual(['a', 'b']);
    expect(fitting(['aa', 'bb', 'cc'], { most: 9, bytes: 8 })).toEqual(['aa', 'bb']);
    expect(fitting(['x'.repeat(1_500_000)], { most: 9, bytes: 48_000 })).toEqual([]);
  });
});
