import { describe, expect, it } from 'vitest';
import { boundedCache } from '../../../src/ground/bounded-cache.js';

describe('a bounded cache', () => {
  it('keeps no more than its size, and lets the oldest go', () => {
    const cache = boundedCache<number>(100);
    for (let count = 0; count < 1000; count += 1) cache.set(`k${count}`, count, 30);
    expect(cache.size).toBe(90);
    expect(['k996', 'k997', 'k998', 'k999'].map((key) => cache.get(key))).toEqual([undefined, 997, 998, 999]);
  });
  it('does not keep what is bigger than itself, and loses nothing by it', () => {
    const cache = boundedCache<number>(100);
    cache.set('small', 1, 50);
    cache.set('big', 2, 101);
    expect([cache.get('small'), cache.get('big'), cache.size]).toEqual([1, undefined, 50]);
  });
  it('counts an entry once, however often it is set', () => {
    const cache = boundedCache<number>(100);
    for (let count = 0; count < 5; count += 1) cache.set('same', count, 60);
    expect([cache.get('same'), cache.size]).toEqual([4, 60]);
  });
});
