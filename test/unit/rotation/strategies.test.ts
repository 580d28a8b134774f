import { describe, expect, it } from 'vitest';
import type { LeafObservation, ProxyObservation, Target } from '../../../src/ground/mesh.js';
import { forgotOldRoot, GOALS, leftOldIssuer, presentsBothChains } from '../../../src/rotation/gates.js';
import {
  type Course,
  forcedRollouts,
  goalOf,
  isRetired,
  issuerDuring,
  phasesOf,
  templateScope,
  waitsForRenewal,
} from '../../../src/rotation/strategies.js';

const bridge: Course = { strategy: 'bridge', leafRenewal: 'wait', direction: 'forward' };
const rolled: Course = { ...bridge, leafRenewal: 'roll' };
const standard: Course = { ...bridge, strategy: 'standard' };
const patient: Course = { ...bridge, strategy: 'patient' };
const back = (course: Course): Course => ({ ...course, direction: 'back' });

const target: Target = { rotation: 'abc', root: 'T', retire: ['old'], oldIssuers: ['A', 'A2'] };
const leaf: LeafObservation = {
  chain: ['leaf', 'A', 'A2'],
  verifiesWith: ['T', 'old'],
  notBefore: '2026-01-01T00:00:00Z',
  notAfter: '2026-01-02T00:00:40Z',
};
const proxy: ProxyObservation = {
  namespace: 'shop',
  pod: 'web-1',
  uid: 'u1',
  workload: { namespace: 'shop', kind: 'Deployment', name: 'web' },
  ready: true,
  terminating: false,
  anchors: ['old'],
  leaf,
};

describe('courses', () => {
  it('force 3, 2, 1 rollouts; a bridge that does not wait 2; an issuer none', () => {
    const courses = [standard, patient, bridge, rolled, { ...bridge, strategy: 'issuer' as const }];
    expect(courses.map(forcedRollouts)).toEqual([3, 2, 1, 2, 0]);
  });
  it('a rolled bridge swaps the issuer before the point of no return, one that waits after it', () => {
    expect(phasesOf(rolled).join(' ')).toBe('preflight generate trust bridge renew issue approve retire finish');
    expect(phasesOf(bridge).join(' ')).toMatch(/approve retire issue refresh finish$/);
  });
  it('only the gentle ones wait, and nobody on the way back', () => {
    expect([standard, patient, bridge, rolled].map((course) => waitsForRenewal(course, 'renew'))).toEqual([
      false,
      true,
      true,
      false,
    ]);
    expect(waitsForRenewal(back(patient), 'renew')).toBe(false);
  });
  it('what the issuer Secret holds: A, [A, A2], [A2, A], the new one', () => {
    expect(
      (['trust', 'bridge', 'renew', 'retire', 'issue', 'refresh'] as const).map((at) => issuerDuring(bridge, at)),
    ).toEqual([undefined, 'bridge', 'bridge', 'crossover', 'new', 'new']);
    expect(issuerDuring(rolled, 'retire')).toBe('new');
    expect([bridge, rolled, standard].map((course) => issuerDuring(course, 'approve'))).toEqual([
      'bridge',
      'new',
      'new',
    ]);
    expect(issuerDuring({ ...bridge, recovery: 'root' }, 'renew')).toBe('crossover');
    expect(issuerDuring(back(bridge), 'issue')).toBe('previous');
  });
  it('the way back is that of standard with the old root as target', () => {
    for (const course of [standard, patient, bridge, rolled].map(back)) {
      expect(goalOf(course, 'issue')).toBe('presentsNewLeaf');
      expect(goalOf(course, 'renew')).toBe('presentsNewLeaf');
      expect(goalOf(course, 'retire')).toBe('forgotOldRoot');
      expect(isRetired(course, 'issue')).toBe(false);
      expect(isRetired(course, 'retire')).toBe(true);
      expect(templateScope(course, 'renew')).toBe('all');
    }
  });
  it('a bridge touches templates once: before, only identity has to learn of the new root', () => {
    expect((['trust', 'bridge', 'renew', 'retire'] as const).map((at) => templateScope(bridge, at))).toEqual([
      'identity',
      'none',
      'none',
      'all',
    ]);
    expect(templateScope(rolled, 'renew')).toBe('all');
  });
});

describe('gates of a bridge', () => {
  it('renew: whoever trusts one root alone, either of them, can verify the leaf', () => {
    expect(presentsBothChains(proxy, target)).toBeUndefined();
    for (const verifiesWith of [['T'], ['old'], []]) {
      expect(presentsBothChains({ ...proxy, leaf: { ...leaf, verifiesWith } }, target)?.reason).toBe('OneChainOnly');
    }
    const { leaf: _, ...unread } = proxy;
    expect(presentsBothChains(unread, target)?.unproven).toBe(true);
  });
  it('refresh: neither certificate of the old issuer key is presented', () => {
    expect(leftOldIssuer(proxy, target)?.reason).toBe('LeafUnderOldIssuer');
    const fresh = { ...proxy, leaf: { ...leaf, chain: ['leaf', 'N'], verifiesWith: ['T'] } };
    expect(leftOldIssuer(fresh, target)).toBeUndefined();
    expect(forgotOldRoot({ ...fresh, anchors: ['T'] }, target)).toBeUndefined();
  });
  it('a rolled renewal makes every process trust both', () => {
    const { requirement, evidence } = GOALS.presentsBothAndTrusts;
    expect(evidence).toEqual({ anchors: true, leaf: true });
    expect(requirement(proxy, target)?.reason).toBe('NewRootNotTrusted');
    expect(requirement({ ...proxy, anchors: ['old', 'T'] }, target)).toBeUndefined();
  });
});
