import { describe, expect, it } from 'vitest';
import { markOfRestart, restartedAt } from '../../../src/kubernetes/restarted-at.js';

const NOW = new Date('2026-01-01T00:10:00.987Z');
const [FIRST, RETRY, SECOND] = ['abc-trust', 'abc-trust.1.run1', 'abc-trust.2.run1'];

describe('the time of a restart', () => {
  it('is one as kubectl writes it, with a fraction, and is the same for every try within a second', () => {
    expect(restartedAt(FIRST, NOW)).toMatch(/^2026-01-01T00:10:00\.\d{6}000Z$/);
    expect(restartedAt(FIRST, NOW)).toBe(restartedAt(FIRST, new Date('2026-01-01T00:10:00Z')));
    expect(Math.floor(Date.parse(restartedAt(RETRY, NOW)) / 1000)).toBe(Math.floor(NOW.getTime() / 1000));
  });
  it.each<[string, string | undefined, string, string | undefined]>([
    ['the roll of this phase', restartedAt(FIRST, NOW), FIRST, FIRST],
    ['its retry', restartedAt(RETRY, NOW), RETRY, RETRY],
    ['an earlier try of it, where somebody has asked again', restartedAt(RETRY, NOW), SECOND, FIRST],
    ['the first roll, where somebody has asked again', restartedAt(FIRST, NOW), RETRY, FIRST],
    ['another phase', restartedAt('abc-renew', NOW), FIRST, undefined],
    ['another rotation', restartedAt('def-trust', NOW), FIRST, undefined],
    ['what kubectl has written', '2026-01-01T00:10:00Z', FIRST, undefined],
    ['no restart', undefined, FIRST, undefined],
    ['what anybody has written', 'x', FIRST, undefined],
  ])('tells by itself of which roll it is: %s', (_what, found, wanted, mark) => {
    expect(markOfRestart(found, { mark: FIRST, wanted })).toBe(mark);
  });
});
