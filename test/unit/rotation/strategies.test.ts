import { describe, expect, it } from 'vitest';
import { bridgeEndsSoon, bridgeLife } from '../../../src/rotation/bridge-life.js';
import { forgotOldRoot, GOALS, leftOldIssuer, presentsBothChains } from '../../../src/rotation/gates.js';
import { readInput, readIssuerInput } from '../../../src/rotation/input.js';
import { refuseAbort, refuseStrategy } from '../../../src/rotation/refusals.js';
import type { LeafObservation, ProxyObservation, Target } from '../../../src/ground/mesh.js';
import { type Pace, planDifference, type Plan, predictRollout } from '../../../src/rotation/plan.js';
import { isLate, renewalDue, renewalLate, renewalState } from '../../../src/rotation/renewal.js';
import { NOTHING, preflightFindings } from '../../../src/rotation/preflight/index.js';
import type { RotationStatus } from '../../../src/rotation/status.js';
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

const HOUR_MS = 3_600_000;
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

describe('renewals', () => {
  it('are due at 70 % of what a leaf lasts, and late before it expires', () => {
    expect(renewalDue(leaf).toISOString()).toBe('2026-01-01T16:48:34.000Z'); // a default leaf: 24 h and twice the skew
    expect(renewalLate(leaf).getTime()).toBeGreaterThan(renewalDue(leaf).getTime() + HOUR_MS);
    expect(renewalLate(leaf).getTime()).toBeLessThan(Date.parse(leaf.notAfter));
  });
  it('count, say when the last one is due, and name the late', () => {
    const old = { ...proxy, leaf: { ...leaf, verifiesWith: ['old'] } };
    const at = (time: string) => renewalState([proxy, old], target, presentsBothChains, [], new Date(time));
    expect(at('2026-01-01T12:00:00Z')).toMatchObject({ proxies: 2, proven: 1, late: [] });
    expect(at('2026-01-01T12:00:00Z').lastDue).toBe('2026-01-01T16:48:34.000Z');
    const [late] = at('2026-01-01T20:00:00Z').late;
    expect(late).toMatchObject({ reason: 'RenewalMissed', subject: { name: 'shop/Pod/web-1' } });
    expect(isLate({ ...old, terminating: true }, new Date('2026-01-01T20:00:00Z'))).toBe(false);
    const waived = [{ subject: 'shop/Deployment/web', reason: 'x' }];
    expect(renewalState([old], target, presentsBothChains, waived, new Date()).proven).toBe(1);
  });
});

describe('the bridge certificate', () => {
  const settings = (more: object) => {
    const result = readInput({ strategy: 'bridge', ...more });
    if (!result.ok) throw new Error(result.problems.join());
    return result.settings;
  };
  it('lives 14 days, at least twice a leaf; longer where the key that could make it anew is not kept', () => {
    expect(bridgeLife(settings({}), 24 * HOUR_MS)).toBe(14 * 24 * HOUR_MS);
    expect(bridgeLife(settings({}), 240 * HOUR_MS)).toBe(480 * HOUR_MS);
    expect(bridgeLife(settings({ root: { key: 'discard' } }), 24 * HOUR_MS)).toBe(30 * 24 * HOUR_MS);
    expect(bridgeLife(settings({ bridge: { validity: '1h' } }), 24 * HOUR_MS)).toBe(48 * HOUR_MS);
  });
  it('is made anew when half of it is over, and while there is time for another leaf', () => {
    const soon = (notBefore: string, notAfter: string) =>
      bridgeEndsSoon(
        { notBefore: new Date(notBefore), notAfter: new Date(notAfter) },
        24 * HOUR_MS,
        new Date('2026-01-10T00:00:00Z'),
      );
    expect(soon('2026-01-05T00:00:00Z', '2026-01-19T00:00:00Z')).toBe(false);
    expect(soon('2026-01-02T00:00:00Z', '2026-01-16T00:00:00Z')).toBe(true);
    expect(soon('2026-01-09T12:00:00Z', '2026-01-11T11:00:00Z')).toBe(true); // 35 h left: less than 1.5 leaves
  });
});

describe('input', () => {
  const problems = (input: object) => {
    const result = readInput(input);
    return result.ok ? [] : result.problems;
  };
  it('a compromised key: never a bridge, standard by default', () => {
    expect(readInput({ issuerKeyCompromised: true })).toMatchObject({ ok: true, settings: { strategy: 'standard' } });
    expect(problems({ issuerKeyCompromised: true, strategy: 'bridge' }).join()).toContain('must not be');
  });
  it('refuses what does not go together', () => {
    expect(problems({ strategy: 'standard', rollout: { pace: 'organic' } })).toHaveLength(1);
    expect(problems({ strategy: 'patient', leafRenewal: 'roll' })).toHaveLength(1);
    expect(problems({ leafRenewal: 'roll', rollout: { pace: 'organic' } })).toHaveLength(1);
  });
  it('of rotateIssuer has no root and no strategy', () => {
    const result = readIssuerInput({ root: {}, strategy: 'bridge', issuer: { validity: '90d' } });
    expect(result.ok ? [] : result.problems.map((problem) => problem.split(':')[0])).toEqual(['root', 'strategy']);
    expect(readIssuerInput(undefined).ok).toBe(true);
  });
});

describe('plans', () => {
  it('differ by what a person would want to know', () => {
    const plan = { workloadNames: ['shop/Deployment/web'], retire: ['old'], keep: [], target: 'T' } as unknown as Plan;
    expect(planDifference(plan, plan)).toEqual([]);
    expect(planDifference(plan, { ...plan, workloadNames: ['shop/Deployment/api'], keep: ['foreign'] })).toEqual([
      'workload added: shop/Deployment/api',
      'workload gone: shop/Deployment/web',
      'anchor to keep added: foreign',
    ]);
  });
  it('predict a rollout from what pods took to start: lanes of namespaces, turns of workloads', () => {
    const turns = ['a', 'b', 'c'].map((namespace) => ({ namespace, turns: 16 }));
    const pace: Pace = { podStartMs: 1000, leafLifeMs: 1, controlPlaneWorkloads: 3, turns };
    expect(predictRollout(pace, { namespaces: 1, workloads: 8 })).toBe(3000 + 6000);
    expect(predictRollout(pace, { namespaces: 3, workloads: 8 })).toBe(3000 + 2000);
  });
});

describe('a rotation left behind', () => {
  const severity = (of: 'root' | 'issuer', strategy: string) =>
    preflightFindings({ ...NOTHING, leftBehind: { of }, deadline: { ...NOTHING.deadline, strategy } }).map(
      (finding) => finding.severity,
    );
  it('is gone on with by its own kind, and keeps the other out', () => {
    expect(severity('root', 'bridge')).toEqual(['warn']);
    expect(severity('issuer', 'issuer')).toEqual(['warn']);
    expect(severity('root', 'issuer')).toEqual(['block']);
    expect(severity('issuer', 'standard')).toEqual(['block']);
  });
});

describe('what has expired', () => {
  const reasons = (what: 'root' | 'issuer', strategy: string) =>
    preflightFindings({ ...NOTHING, recovery: { what, strategy } }).map(
      ({ reason, severity: of }) => `${of} ${reason}`,
    );
  it('is repaired by the one strategy that can', () => {
    expect(reasons('root', 'bridge')).toEqual(['warn RootExpired']);
    expect(reasons('root', 'standard')).toEqual(['warn RootExpired', 'block StrategyUnfit']);
    expect(reasons('issuer', 'standard')).toEqual(['warn IssuerExpired']);
    expect(reasons('issuer', 'bridge')).toEqual(['warn IssuerExpired', 'block StrategyUnfit']);
  });
  it('soon leaves the strategies that are quick enough', () => {
    const ways = [
      { name: 'bridge', ms: 17 * HOUR_MS },
      { name: 'standard', ms: HOUR_MS },
    ];
    const expiries = [{ what: 'the issuer in use', notAfter: new Date(20 * HOUR_MS).toISOString() }];
    const findings = preflightFindings({
      ...NOTHING,
      deadline: { strategy: 'bridge', ms: 17 * HOUR_MS, ways, expiries },
    });
    expect(findings).toMatchObject([{ reason: 'StrategyTooSlow', severity: 'block', hint: 'in time: standard' }]);
  });
});

describe('abort and changes of strategy', () => {
  const status = { outcome: 'running', phase: 'renew', pastPointOfNoReturn: false } as unknown as RotationStatus;
  it('are refused with what can be done instead', () => {
    expect(refuseAbort(undefined, status, false)).toBeUndefined();
    expect(refuseAbort(undefined, status, true)).toContain('already');
    expect(refuseAbort(undefined, { ...status, pastPointOfNoReturn: true }, false)).toContain('rotate again');
    expect(refuseAbort({ by: 3 }, status, false)).toContain('by');
    expect(refuseStrategy({ leafRenewal: 'roll' }, status)).toContain('does not wait');
    const waiting = { kind: 'renewal' as const, for: '', since: '', on: [], todo: '' };
    expect(refuseStrategy({ leafRenewal: 'roll' }, { ...status, waiting })).toBeUndefined();
    expect(refuseStrategy({}, { ...status, waiting })).toContain('needs');
  });
});
