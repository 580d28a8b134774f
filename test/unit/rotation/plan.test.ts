import { describe, expect, it } from 'vitest';
import {
  orderNamespaces,
  type Pace,
  type Plan,
  planDifference,
  planPhases,
  predictRollout,
  untilRetired,
} from '../../../src/rotation/plan.js';
import { HOUR_MS, settings } from './support.js';

describe('planDifference', () => {
  const plan = { workloadNames: ['shop/Deployment/web'], retire: ['old'], keep: [], target: 'T' } as unknown as Plan;
  it('is empty when nothing has changed', () => expect(planDifference(plan, plan)).toEqual([]));
  it.each([
    [
      'a workload that came',
      { workloadNames: ['shop/Deployment/web', 'shop/Deployment/api'] },
      'workload added: shop/Deployment/api',
    ],
    ['a workload that went', { workloadNames: [] }, 'workload gone: shop/Deployment/web'],
    ['an anchor that goes now too', { retire: ['old', 'older'] }, 'anchor to take out added: older'],
    ['an anchor that stays now', { keep: ['foreign'] }, 'anchor to keep added: foreign'],
    ['another target', { target: 'T2' }, 'target: T2'],
  ])('names %s', (_what, change, line) => expect(planDifference(plan, { ...plan, ...change })).toEqual([line]));
});

describe('predictRollout', () => {
  const turns = ['a', 'b', 'c'].map((namespace) => ({ namespace, turns: 16 }));
  const pace: Pace = { podStartMs: 1000, leafLifeMs: 1, controlPlaneWorkloads: 3, turns };
  it('adds the control plane and the turns of each namespace, one after another', () => {
    expect(predictRollout(pace, { namespaces: 1, workloads: 8 })).toBe(3000 + 6000);
  });
  it('takes as long as the longest lane when namespaces are rolled together', () => {
    expect(predictRollout(pace, { namespaces: 3, workloads: 8 })).toBe(3000 + 2000);
  });
});

describe('planPhases', () => {
  const pace: Pace = { podStartMs: 1000, leafLifeMs: 10 * HOUR_MS, controlPlaneWorkloads: 1, turns: [] };
  it('predicts nothing for an organic rollout, which is up to people', () => {
    const organic = planPhases(settings({ rollout: { pace: 'organic', deadline: '3d' } }), 'bridge', pace);
    const retire = organic.find(({ phase }) => phase === 'retire');
    expect(retire?.what).toContain('at most 3d');
    expect(retire?.predictedMs).toBeUndefined();
  });
  it('says when nobody is asked', () => {
    const silent = planPhases(settings({ approvals: 'none' }), 'bridge', pace);
    expect(silent.find(({ phase }) => phase === 'approve')?.what).toContain('nobody');
  });
});

describe('untilRetired', () => {
  it('counts retire and what is before it', () => {
    const phases = (['trust', 'approve', 'retire', 'refresh'] as const).map((phase) => ({
      phase,
      what: '',
      predictedMs: 1,
    }));
    expect(untilRetired(phases)).toBe(3);
  });
});

describe('orderNamespaces', () => {
  it('takes those that go first, extensions, all others by name, and those that go last', () => {
    const order = { first: ['x'], last: ['y', 'a'] };
    expect(orderNamespaces(['z', 'a', 'viz', 'x', 'b', 'y'], ['viz'], order)).toEqual(['x', 'viz', 'b', 'z', 'y', 'a']);
  });
});
