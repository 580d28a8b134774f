import { describe, expect, it } from 'vitest';
import { throttle } from '../../../src/rotation/throttle.js';

const STEP = 10_000;

/** Budgets over some steps, in each of which pods took as long as is said. */
function budgets(pace: ReturnType<typeof throttle>, took: number[], starting: number[] = []): number[] {
  return took.map((ms, step) =>
    pace.budget({
      now: (step + 1) * STEP,
      started: step === 0 && ms === 0 ? [] : Array.from({ length: 20 }, () => ms),
      starting,
    }),
  );
}

describe('throttle', () => {
  it('allows all while pods take what is usual, or little', () => {
    const pace = throttle({ most: 100, usualMs: 5000 });
    expect(budgets(pace, [5000, 5000, 14_000, 9000])).toEqual([100, 100, 100, 100]);
    expect(pace.because()).toBeUndefined();
  });
  it('halves it while they take longer, says why, and comes back bit by bit', () => {
    const pace = throttle({ most: 100, usualMs: 10_000 });
    expect(budgets(pace, [10_000, 25_000, 25_000])).toEqual([100, 50, 25]);
    expect(pace.because()).toBe('new pods take 25 s to get ready, usually 10 s: 25 pods at a time instead of 100');
    const later = Array.from({ length: 10 }, (_, step) =>
      pace.budget({ now: (step + 4) * STEP, started: Array.from({ length: 20 }, () => 10_000), starting: [] }),
    );
    expect(later.slice(0, 3)).toEqual([32, 40, 50]);
    expect(later.at(-1)).toBe(100);
  });
  it('never stops by itself', () => {
    const pace = throttle({ most: 100, usualMs: 10_000 });
    expect(
      budgets(
        pace,
        Array.from({ length: 20 }, () => 60_000),
      ).at(-1),
    ).toBe(5);
  });
  it('counts pods that do not get ready', () => {
    const pace = throttle({ most: 100, usualMs: 10_000 });
    expect(budgets(pace, [0], [])).toEqual([100]);
    expect(pace.budget({ now: 2 * STEP, started: [], starting: [40_000, 50_000, 1000] })).toBe(50);
  });
  it('waits until a change has shown before the next', () => {
    const pace = throttle({ most: 100, usualMs: 10_000 });
    const slow = { started: [30_000], starting: [] };
    expect([STEP, STEP + 9000, 2 * STEP, 2 * STEP + 1, 3 * STEP].map((now) => pace.budget({ now, ...slow }))).toEqual([
      100, 100, 50, 50, 25,
    ]);
  });
});
