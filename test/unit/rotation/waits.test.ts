import { describe, expect, it } from 'vitest';
import type { RotationStatus, Waiting } from '../../../src/rotation/status.js';
import { showWaits, waitsOf } from '../../../src/rotation/waits.js';

const wait = (kind: Waiting['kind'], what: string): Waiting => ({ kind, for: what, since: '', on: [], todo: '' });
const shown = (waits: Waiting[]) => {
  const status = {} as RotationStatus;
  showWaits(status, waits);
  return waitsOf(status).map((waiting) => waiting.for);
};

describe('what several lanes wait for', () => {
  it('is a set: when one wait is over the others still stand, and nothing else comes back', () => {
    const [first, second] = [wait('attention', 'a'), wait('attention', 'b')];
    expect(shown([first, second])).toEqual(['b', 'a']);
    expect(shown([second])).toEqual(['b']);
    expect(shown([])).toEqual([]);
  });
  it('is shown once where every lane waits for the same', () => {
    expect(shown([wait('paused', 'resume'), wait('paused', 'resume'), wait('paused', 'resume')])).toEqual(['resume']);
  });
  it('begins with what a person should look at first', () => {
    expect(shown([wait('paused', 'resume'), wait('renewal', 'leaves'), wait('attention', 'gate')])).toEqual([
      'resume',
      'gate',
      'leaves',
    ]);
  });
});
