import { describe, expect, it } from 'vitest';
import { unreadableFor } from '../../../src/rotation/unreadable.js';
import { proxy } from './support.js';

const at = (second: number) => new Date(second * 1000);
const silent = proxy({ problem: 'no answer' });

describe('a proxy that cannot be read', () => {
  it('is named once that has lasted for long enough, with the time it began', () => {
    const look = unreadableFor(10_000);
    expect(look([silent], at(5))).toEqual([]);
    expect(look([silent], at(14))).toEqual([]);
    expect(look([silent], at(15))).toMatchObject([
      {
        reason: 'ProxyUnreadable',
        severity: 'block',
        message: expect.stringContaining('since 1970-01-01T00:00:05.000Z: no answer'),
      },
    ]);
  });
  it('begins anew when it could be read in between', () => {
    const look = unreadableFor(10_000);
    look([silent], at(0));
    look([proxy()], at(8));
    expect(look([silent], at(12))).toEqual([]);
    expect(look([silent], at(22))).toHaveLength(1);
  });
  it('is nobody while its pod goes', () => {
    const look = unreadableFor(0);
    expect(look([{ ...silent, terminating: true }], at(1))).toEqual([]);
  });
});
