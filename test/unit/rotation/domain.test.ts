import { describe, expect, it } from 'vitest';
import { formatDuration, parseDuration } from '../../../src/ground/duration.js';
import { isWaived } from '../../../src/rotation/findings.js';
import { forgotOldRoot, presentsNewLeaf, proxyGate, trustsNewRoot } from '../../../src/rotation/gates.js';
import { invalidInputMessage, readInput } from '../../../src/rotation/input.js';
import type { ProxyObservation, Target } from '../../../src/ground/mesh.js';
import { orderNamespaces } from '../../../src/rotation/plan.js';
import { decideRollout, type RolloutQuestion } from '../../../src/rotation/rollout.js';
import { refuseApproval, refuseWaiver } from '../../../src/rotation/refusals.js';
import type { RotationStatus } from '../../../src/rotation/status.js';

const target: Target = { rotation: 'abc', root: 'new', retire: ['old'], oldIssuers: ['A', 'A2'] };
const proxy: ProxyObservation = {
  namespace: 'shop',
  pod: 'web-1',
  uid: 'u1',
  workload: { namespace: 'shop', kind: 'Deployment', name: 'web' },
  ready: true,
  terminating: false,
  anchors: ['old', 'new'],
  leaf: {
    chain: ['l', 'i'],
    verifiesWith: ['new'],
    notBefore: '2029-12-31T00:00:00Z',
    notAfter: '2030-01-01T00:00:00Z',
  },
};

describe('durations', () => {
  it.each([
    ['90s', 90_000],
    ['1h30m', 5_400_000],
    ['10y', 315_360_000_000],
    ['250ms', 250],
  ])('%s', (text, milliseconds) => expect(parseDuration(text)).toBe(milliseconds));
  it.each(['', '10', 'h', '1x', '-1s', '1h 30m'])('refuses %j', (text) => expect(parseDuration(text)).toBeUndefined());
  it('are written in two units at most', () => {
    expect([0, 999, 61_000, 90_061_000].map(formatDuration)).toEqual(['0ms', '999ms', '1m1s', '1d1h']);
  });
});

describe('input', () => {
  it('may be absent, and gets every default', () => {
    expect(readInput(undefined)).toMatchObject({
      ok: true,
      settings: {
        cluster: 'default',
        strategy: 'bridge',
        approvals: 'beforeRetire',
        root: { validity: '10y', key: 'keep' },
        issuer: { validity: '1y' },
      },
    });
  });
  it('is refused with every problem at once', () => {
    const result = readInput({ aproval: 1, root: { validity: 'soon', size: 3 }, timing: { poll: 5 } });
    const message = result.ok ? '' : invalidInputMessage(result.problems);
    expect(message).toContain('The input has 4 problems');
    for (const part of [
      'aproval: no such field (known here: cluster',
      'root.size: no such field (known here: commonName',
      'root.validity: "soon"',
      'timing.poll:',
    ])
      expect(message).toContain(part);
  });
});

describe('gates', () => {
  it('of trust: the process itself trusts the new root', () => {
    expect(trustsNewRoot(proxy, target)).toBeUndefined();
    expect(trustsNewRoot({ ...proxy, anchors: ['old'] }, target)?.reason).toBe('NewRootNotTrusted');
    const { anchors: _, ...unread } = proxy;
    expect(trustsNewRoot(unread, target)?.unproven).toBe(true);
  });
  it('of trust and retire: a process that cannot be asked, of before the bundle, is restarted, not waited for', () => {
    const { anchors: _, ...earlier } = { ...proxy, startedBeforeBundle: true };
    for (const requirement of [trustsNewRoot, forgotOldRoot]) {
      const shortfall = requirement(earlier, target);
      expect(shortfall?.reason).toBe('StartedBeforeBundle');
      expect(shortfall?.unproven).toBeUndefined();
    }
    expect(presentsNewLeaf(earlier, target)).toBeUndefined();
  });
  it('of trust: an identity replica was started for this rotation, whatever its proxy says', () => {
    const identity = { ...proxy, component: 'identity' };
    expect(trustsNewRoot(identity, target)?.reason).toBe('IdentityStartedEarlier');
    expect(trustsNewRoot({ ...identity, mark: 'abc-trust' }, target)).toBeUndefined();
  });
  it('of renew: the presented chain needs nothing but the new root', () => {
    expect(presentsNewLeaf({ ...proxy, leaf: { ...proxy.leaf!, verifiesWith: ['old'] } }, target)?.reason).toBe(
      'LeafUnderOldRoot',
    );
  });
  it('of retire: the old root is gone and the leaf still verifies', () => {
    expect(forgotOldRoot(proxy, target)?.reason).toBe('OldRootStillTrusted');
    expect(forgotOldRoot({ ...proxy, anchors: ['new', 'foreign'] }, target)).toBeUndefined();
    expect(
      forgotOldRoot({ ...proxy, anchors: ['new'], leaf: { ...proxy.leaf!, verifiesWith: [] } }, target)?.reason,
    ).toBe('LeafUnderOldRoot');
  });
  it('count what is waived apart, and ending pods that cannot be read not at all', () => {
    const bad = { ...proxy, anchors: ['old'] };
    expect(proxyGate([bad], target, trustsNewRoot, [])).toHaveLength(1);
    expect(proxyGate([bad], target, trustsNewRoot, [{ subject: 'shop/Deployment/web', reason: 'x' }])).toEqual([]);
    expect(proxyGate([bad], target, trustsNewRoot, [{ subject: 'shop', reason: 'x' }])).toEqual([]);
    expect(proxyGate([{ ...bad, terminating: true }], target, trustsNewRoot, [])).toHaveLength(1);
    const { anchors: _, ...unread } = { ...proxy, terminating: true };
    expect(proxyGate([unread], target, trustsNewRoot, [])).toEqual([]);
  });
  it('waivers of a namespace do not reach into one whose name begins the same', () => {
    expect(isWaived({ kind: 'workload', name: 'shop-2/Deployment/web' }, [{ subject: 'shop', reason: 'x' }])).toBe(
      false,
    );
  });
});

describe('rollouts', () => {
  const question: RolloutQuestion = {
    workload: { kind: 'Deployment', rolledOut: true, replacement: 'rollout' },
    staleTemplate: false,
    deletePods: false,
    outdated: 2,
    starting: 0,
    leaving: 0,
    mark: 'abc-trust',
    retry: 0,
    stuckAfterMs: 60_000,
    now: new Date('2026-01-01T00:10:00Z'),
  };
  const rolled = {
    kind: 'Deployment',
    replacement: 'rollout' as const,
    mark: 'abc-trust',
    markedAt: '2026-01-01T00:09:50Z',
  };
  const evictable = {
    kind: 'StatefulSet',
    rolledOut: true,
    replacement: 'eviction',
    evictionBecause: 'its update strategy is OnDelete',
  } as const;
  const blocked = (since: string) => ({ message: 'the budget is 0', since });
  it.each([
    ['rolls what falls short', {}, 'roll'],
    ['rewrites a template even of a workload without pods', { outdated: 0, staleTemplate: true }, 'roll'],
    [
      'asks when a rewritten template was put back',
      { staleTemplate: true, workload: { ...rolled, rolledOut: true } },
      'straggle',
    ],
    [
      'rewrites it again after retry',
      { retry: 1, staleTemplate: true, workload: { ...rolled, rolledOut: true } },
      'roll',
    ],
    [
      'waits for a run of a CronJob that has begun',
      { workload: { ...rolled, mark: '', kind: 'CronJob', rolledOut: true, replacement: 'next run' } },
      'straggle',
    ],
    ['asks before it evicts', { workload: evictable }, 'straggle'],
    ['evicts when it may', { workload: evictable, deletePods: true }, 'evict'],
    ['evicts one at a time', { workload: evictable, deletePods: true, leaving: 1 }, 'wait'],
    [
      'evicts only while the others are ready',
      { workload: { ...evictable, rolledOut: false }, deletePods: true },
      'wait',
    ],
    [
      'tries again when a budget forbids it',
      { workload: evictable, deletePods: true, blocked: blocked('2026-01-01T00:09:59Z') },
      'evict',
    ],
    [
      'but not for ever',
      { workload: evictable, deletePods: true, blocked: blocked('2026-01-01T00:00:00Z') },
      'straggle',
    ],
    ['leaves alone what meets the requirement', { outdated: 0 }, 'nothing'],
    ['never rolls twice for one phase', { workload: { ...rolled, rolledOut: false } }, 'wait'],
    ['waits for pods that are leaving', { outdated: 0, leaving: 1 }, 'wait'],
    [
      'waits for proxies that are starting',
      { outdated: 0, starting: 1, workload: { ...rolled, rolledOut: false } },
      'wait',
    ],
    ['asks a person when a finished rollout did not help', { workload: { ...rolled, rolledOut: true } }, 'straggle'],
    ['rolls once more after retry', { retry: 1, workload: { ...rolled, rolledOut: true } }, 'roll'],
    [
      'does not roll again for the same retry',
      { retry: 1, workload: { ...rolled, mark: 'abc-trust.1', rolledOut: true } },
      'straggle',
    ],
    [
      'gives up when the controller has',
      { workload: { ...rolled, rolledOut: false, failed: 'exceeded quota' } },
      'straggle',
    ],
    [
      'gives up after the time allowed',
      { workload: { ...rolled, markedAt: '2026-01-01T00:00:00Z', rolledOut: false } },
      'straggle',
    ],
    ['rolls again for another phase', { mark: 'abc-renew', workload: { ...rolled, rolledOut: true } }, 'roll'],
    [
      'reports what cannot be rolled',
      {
        workload: {
          kind: 'Deployment',
          rolledOut: true,
          replacement: 'rollout',
          unrollable: { reason: 'UpdateOnDelete', message: 'm', hint: 'h' },
        },
      },
      'straggle',
    ],
  ] as const)('%s', (_what, change, decision) => {
    expect(decideRollout({ ...question, ...change }).do).toBe(decision);
  });
});

describe('namespaces', () => {
  it('go first, extensions, all others, last', () => {
    expect(orderNamespaces(['z', 'a', 'viz', 'x', 'y'], ['viz'], { first: ['x'], last: ['y', 'a'] })).toEqual([
      'x',
      'viz',
      'z',
      'y',
      'a',
    ]);
  });
});

describe('messages', () => {
  const status = {
    phase: 'approve',
    outcome: 'running',
    waivers: [],
    waiting: { kind: 'approval', planHash: '0123456789abcdef' },
  } as unknown as RotationStatus;
  it('approval is bound to the plan', () => {
    expect(refuseApproval({ planHash: '0123456789' }, status)).toBeUndefined();
    expect(refuseApproval({ planHash: '0123' }, status)).toContain('0123456789abcdef');
    expect(refuseApproval({ planHash: 'ffffffffffff' }, status)).toContain('changed');
    expect(refuseApproval(undefined, status)).toContain('planHash');
    const { waiting: _, ...idle } = status;
    expect(refuseApproval({ planHash: '0123456789' }, idle)).toContain('nothing to approve');
  });
  it('a waiver needs a subject and a reason', () => {
    expect(refuseWaiver({ subject: 'shop/Deployment/web', reason: 'known' }, status)).toBeUndefined();
    expect(refuseWaiver({ subject: 'shop/Deployment/web' }, status)).toContain('reason');
    expect(refuseWaiver({ subject: 'Shop Floor', reason: 'x' }, status)).toContain('namespace/Kind/name');
    expect(
      refuseWaiver({ subject: 'shop', reason: 'x' }, { ...status, waivers: [{ subject: 'shop', reason: 'y' }] }),
    ).toContain('already');
  });
});
