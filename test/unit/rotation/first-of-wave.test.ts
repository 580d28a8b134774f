import { describe, expect, it } from 'vitest';
import { firstOfWave, type InWave, notRolledFor } from '../../../src/rotation/first-of-wave.js';
import type { RolloutDecision } from '../../../src/rotation/rollout-waits.js';

const ROLL: RolloutDecision = { do: 'roll', mark: 'm' };
const one = (name: string, decision: RolloutDecision, change: Partial<InWave> = {}): InWave => ({
  ...{ name, decision, tried: false, wrong: false },
  needsInjector: decision.do === 'roll' || decision.do === 'evict',
  ...change,
});
const STUCK: RolloutDecision = { do: 'straggle', reason: 'RolloutStuck', message: '', hint: '' };
const tried = { tried: true };

describe('the first workload of a namespace', () => {
  it.each<[string, InWave[], ReturnType<typeof firstOfWave>]>([
    ['is one of those that wait', [one('a', ROLL), one('b', ROLL)], { only: 'a' }],
    ['is one whose roll was not just refused', [one('a', { ...ROLL, refused: 'no' }), one('b', ROLL)], { only: 'b' }],
    ['is refused where all are', [one('a', { ...ROLL, refused: 'no' })], { only: 'a' }],
    ['is waited for while it is under way', [one('a', { do: 'wait', why: '' }, tried), one('b', ROLL)], {}],
    ['is waited for until its new pod has come', [one('a', { do: 'evict' }, tried), one('b', ROLL)], {}],
    ['is not one that waits for something else', [one('a', { do: 'wait', why: '' }), one('b', ROLL)], { only: 'b' }],
    ['is the same again when a person has asked', [one('a', ROLL), one('b', ROLL, tried)], { only: 'b' }],
    ['is no other when it has come to nothing', [one('a', STUCK, tried), one('b', ROLL)], { failed: 'a' }],
    ['is no other when its new pod is wrong', [one('a', { do: 'evict' }, { ...tried, wrong: true })], { failed: 'a' }],
    ['is another when it cannot be rolled at all', [one('a', STUCK), one('b', ROLL)], { only: 'b' }],
    ['is another when all its pods are gone', [one('a', { do: 'nothing' }, tried), one('b', ROLL)], { only: 'b' }],
  ])('%s', (_what, wave, expected) => expect(firstOfWave(wave)).toEqual(expected));

  it('is named to those that wait for it in vain', () => {
    const { reason, message, hint } = notRolledFor('shop/Deployment/web');
    expect([reason, message, hint]).toEqual([
      'FirstNotProven',
      expect.stringContaining('shop/Deployment/web, which was rolled first'),
      expect.stringContaining('`retry`'),
    ]);
  });
});
