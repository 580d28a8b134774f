import { describe, expect, it } from 'vitest';
import { isLookDue, type Looked, type Moment, pulseMs } from '../../../src/operate/look-due.js';

describe('the next look at the mesh', () => {
  const last: Looked = { endedAt: 100_000, tookMs: 100, phase: 'trust', failed: false };
  const after = (ms: number, change: Partial<Moment> = {}): Moment => ({
    ...{ now: 100_000 + ms, phase: 'trust', isRotating: true, intervalMs: 15_000 },
    ...change,
  });

  it('is due at once when there has been none, and when the phase is another', () => {
    expect(isLookDue(undefined, after(0))).toBe(true);
    expect(isLookDue(last, after(0, { phase: 'renew' }))).toBe(true);
    expect(isLookDue(last, after(0, { phase: undefined, isRotating: false })), 'the rotation has ended').toBe(true);
    expect(isLookDue(last, after(0))).toBe(false);
  });
  it.each([
    ['in a rotation', last, {}, 15_000],
    ['between rotations', { ...last, phase: undefined }, { phase: undefined, isRotating: false }, 300_000],
    ['after one that took 2 s', { ...last, tookMs: 2000 }, {}, 38_000],
    [
      'after one that has failed',
      { ...last, phase: undefined, failed: true },
      { phase: undefined, isRotating: false },
      15_000,
    ],
  ])('%s comes after its rest', (_, looked, change, rest) => {
    expect(isLookDue(looked, after(rest - 1, change))).toBe(false);
    expect(isLookDue(looked, after(rest, change))).toBe(true);
  });
  it('waits for a phase that is asked for more often than it looks', () => {
    expect(pulseMs({ isRotating: true, intervalMs: 15_000 })).toBe(3000);
    expect(pulseMs({ isRotating: false, intervalMs: 15_000 })).toBe(15_000);
  });
});
