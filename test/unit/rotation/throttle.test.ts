import { describe, expect, it } from 'vitest';
import { throttle } from '../../../src/rotation/throttle.js';

const STEP = 10_000;

/** What it allows step by step, where pods that were made in the step before took as long as is said. */
function budgets(pace: ReturnType<typeof throttle>, took: number[], from = 1): number[] {
  return took.map((tookMs, step) => {
    const now = (from + step) * STEP;
    return pace.budget({ now, pods: Array.from({ length: 20 }, () => ({ createdAt: now - 1000, tookMs })) });
  });
}

describe('throttle', () => {
  it('allows all while pods take what is usual, or little', () => {
    const pace = throttle({ most: 100, usualMs: 5000 });
    expect(budgets(pace, [5000, 5000, 19_000, 9000])).toEqual([100, 100, 100, 100]);
    expect(pace.because()).toBeUndefined();
  });
  it('takes less while they take much longer, says why, and comes back bit by bit', () => {
    const pace = throttle({ most: 100, usualMs: 10_000 });
    expect(budgets(pace, [10_000, 35_000, 35_000])).toEqual([100, 70, 49]);
    expect(pace.because()).toBe('new pods take 35 s to get ready, usually 10 s: 49 pods at a time instead of 100');
    expect(budgets(pace, [9000, 9000, 9000, 9000, 9000], 4)).toEqual([62, 78, 98, 100, 100]);
  });
  it('never stops by itself', () => {
    const pace = throttle({ most: 100, usualMs: 10_000 });
    expect(
      budgets(
        pace,
        Array.from({ length: 20 }, () => 60_000),
      ).at(-1),
    ).toBe(10);
  });
  it('counts pods that should be ready by now, and are not', () => {
    const pace = throttle({ most: 100, usualMs: 10_000 });
    const overdue = Array.from({ length: 9 }, () => ({ createdAt: STEP }));
    expect(pace.budget({ now: 2 * STEP, pods: overdue })).toBe(100);
    expect(pace.budget({ now: 5 * STEP, pods: overdue })).toBe(70);
  });
  it('judges a step by the pods that were made after it', () => {
    const pace = throttle({ most: 100, usualMs: 10_000 });
    const slow = Array.from({ length: 9 }, () => ({ createdAt: 0, tookMs: 40_000 }));
    expect([4, 5, 6, 9].map((step) => pace.budget({ now: step * STEP, pods: slow }))).toEqual([70, 70, 70, 70]);
  });
  it('hears nothing from a few', () => {
    const pace = throttle({ most: 100, usualMs: 10_000 });
    const few = Array.from({ length: 4 }, () => ({ createdAt: 0, tookMs: 90_000 }));
    expect(pace.budget({ now: 9 * STEP, pods: few })).toBe(100);
  });
});
