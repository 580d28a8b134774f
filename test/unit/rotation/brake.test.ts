import { describe, expect, it } from 'vitest';
import { brakes, rolloutStopped } from '../../../src/rotation/brake.js';

const names = (count: number, from = 0) =>
  Array.from({ length: count }, (_, index) => `shop/Deployment/w${index + from}`);

describe('brakes', () => {
  it.each([
    ['a count that is not exceeded', { count: 2 }, names(2), [], false],
    ['one too many', { count: 2 }, names(3), [], true],
    ['none at all, where none is allowed', { count: 0 }, names(1), [], true],
    ['a per cent of all, rounded up', { percent: 10 }, names(2), [], false],
    ['more than that', { percent: 10 }, names(3), [], true],
    ['stuck and fallen together', { percent: 10 }, names(2), names(1, 5), true],
    ['one that is both, once', { percent: 10 }, names(2), names(1), false],
  ] as const)('on %s', (_what, max, stragglers, fallen, stops) => {
    expect(brakes({ workloads: 15, stragglers, fallen }, max) !== undefined).toBe(stops);
  });
  it('says how many, of how many, which, and what was allowed', () => {
    const why = brakes({ workloads: 40, stragglers: names(6), fallen: names(1, 9) }, { percent: 10 }) ?? '';
    expect(why).toBe(
      '7 of 40 workloads have not come out right, which is more than rollout.maxStragglers (10%): 6 are stuck after their rollout, ' +
        '1 have pods that were ready and are not (shop/Deployment/w0, shop/Deployment/w1, shop/Deployment/w2, shop/Deployment/w3, shop/Deployment/w4 and 2 more)',
    );
    expect(rolloutStopped(why)).toMatchObject({ reason: 'RolloutStopped', message: `nothing more is rolled: ${why}` });
  });
});
