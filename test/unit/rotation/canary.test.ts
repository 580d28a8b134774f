import { describe, expect, it } from 'vitest';
import { type CanaryCandidate, headStart, heedCanary, heldBehind } from '../../../src/rotation/canary.js';

const ROLL = { do: 'roll', mark: 'abc-trust' } as const;
const WAIT = { do: 'wait', why: 'its rollout is under way' } as const;
const DONE = { do: 'nothing' } as const;
const STUCK = { do: 'straggle', reason: 'RolloutStuck', message: '', hint: '' } as const;

function one(name: string, change: Partial<CanaryCandidate> = {}): CanaryCandidate {
  return {
    name: `shop/Deployment/${name}`,
    decision: ROLL,
    begun: false,
    asked: false,
    sound: true,
    proxies: 3,
    left: 3,
    ...change,
  };
}
const heed = (state: CanaryCandidate[], setting: Parameters<typeof heedCanary>[2] = 'eachNamespace') => {
  const { only, failed } = heedCanary('shop', state, setting);
  const short = (name: string) => name.split('/').at(-1);
  return failed === undefined ? (only ? [...only].map(short) : 'everybody') : { failed: short(failed) };
};

describe('the canary of a namespace', () => {
  it.each<[string, CanaryCandidate[], unknown]>([
    ['is the smallest', [one('a'), one('b', { proxies: 1 })], ['b']],
    ['is sound, where one is', [one('a', { proxies: 9 }), one('b', { proxies: 1, sound: false })], ['a']],
    ['is not one that was just refused', [one('a', { decision: { ...ROLL, refused: 'no' } }), one('b')], ['b']],
    ['is waited for', [one('a', { begun: true, decision: WAIT }), one('b')], ['a']],
    ['has to come out right', [one('a', { begun: true, decision: STUCK }), one('b')], { failed: 'a' }],
    ['lets the others go when it has', [one('a', { begun: true, decision: DONE }), one('b')], 'everybody'],
    [
      'has come out right when its new pods have, whoever is leaving',
      [one('a', { begun: true, decision: WAIT, left: 0 }), one('b')],
      'everybody',
    ],
    ['is proven by pods', [one('a', { begun: true, decision: DONE, proxies: 0 }), one('b')], ['b']],
    [
      'was another, where one is stuck and one has come out right',
      [one('a', { begun: true, decision: STUCK }), one('b', { begun: true, decision: DONE }), one('c')],
      'everybody',
    ],
    ['goes once more when somebody has asked', [one('a', { begun: true }), one('b')], ['a']],
    ['is the one that its annotation names', [one('a', { proxies: 1 }), one('b', { asked: true })], ['b']],
    [
      'is all that are named',
      [one('a', { asked: true, begun: true, decision: DONE }), one('b', { asked: true }), one('c')],
      ['a', 'b'],
    ],
    [
      'named, and never to be rolled by reroot, holds the others',
      [one('a', { asked: true, decision: STUCK }), one('b')],
      { failed: 'a' },
    ],
  ])('%s', (_what, state, expected) => expect(heed(state)).toEqual(expected));

  it('is none where the input says so, and one where it names the namespace or a workload of it', () => {
    const state = [one('a', { proxies: 1 }), one('b')];
    expect(heed(state, 'none')).toBe('everybody');
    expect(heed(state, ['pay'])).toBe('everybody');
    expect(heed(state, ['shop'])).toEqual(['a']);
    expect(heed(state, ['shop/Deployment/b'])).toEqual(['b']);
  });
  it('that has failed is named to those that wait for it', () => {
    expect(heldBehind('shop/Deployment/a')).toMatchObject({
      reason: 'CanaryFailed',
      message:
        'not rolled: shop/Deployment/a was rolled first in this namespace, as its canary, and has not come out right',
    });
  });
});

it('canaries have a head start of half a minute, each wave anew', () => {
  let now = 0;
  const isAhead = headStart(() => now);
  expect(isAhead(3)).toBe(true);
  now = 29_000;
  expect(isAhead(1)).toBe(true);
  now = 31_000;
  expect(isAhead(1)).toBe(false);
  expect(isAhead(0)).toBe(false);
  expect(isAhead(2)).toBe(true);
});
