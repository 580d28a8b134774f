import { describe, expect, it } from 'vitest';
import { COURSES } from '../../../src/rotation/courses/index.js';
import type { Pace } from '../../../src/rotation/pace.js';
import { orderNamespaces, type Plan, planDifference, planPhases, untilRetired } from '../../../src/rotation/plan.js';
import { HOUR_MS, request } from './support.js';

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

describe('planPhases', () => {
  const pace: Pace = { podStartMs: 1000, leafLifeMs: 10 * HOUR_MS, controlPlaneWorkloads: 1, turns: [] };
  it('predicts nothing for an organic rollout, which is up to people', () => {
    const organic = planPhases(
      request({ rollout: { pace: 'organic', deadline: '3d' } }).settings,
      COURSES.bridge.course,
      pace,
    );
    const retire = organic.find(({ phase }) => phase === 'retire');
    expect(retire?.what).toContain('for 3d at most');
    expect(retire?.predictedMs).toBeUndefined();
  });
  it('says when nobody is asked', () => {
    const silent = planPhases(request({ approvals: 'none' }).settings, COURSES.bridge.course, pace);
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
