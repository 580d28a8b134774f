import { describe, expect, it } from 'vitest';
import { assess, type Assessment } from '../../../../activities/kit/assess.js';
import { nextInLine } from '../../../../activities/kit/act.js';
import { namespaceMemory } from '../../../../activities/kit/namespace-memory.js';
import type { ProxyObservation } from '../../../../src/ground/mesh.js';
import type { Workload } from '../../../../src/kubernetes/workload.js';
import { trustsTarget } from '../../../../src/rotation/gates.js';
import type { RolloutDecision } from '../../../../src/rotation/rollout-waits.js';
import { proxy, request, target } from '../../rotation/support.js';

const LONG_AGO = '2026-01-01T00:00:00Z';

function web(change: Partial<Workload> = {}): Workload {
  return {
    kind: 'Deployment',
    namespace: 'shop',
    name: 'web',
    uid: 'u',
    generation: 1,
    templatePath: ['spec', 'template'],
    templateAnnotations: true,
    annotations: true,
    edits: [],
    replacement: 'rollout',
    rolledOut: true,
    wanted: 1,
    ...change,
  };
}

function decisionOn(workload: Workload, ...proxies: ProxyObservation[]): RolloutDecision | undefined {
  const input = {
    ...request(),
    linkerdNamespace: 'linkerd',
    phase: 'trust' as const,
    waivers: [],
    retry: 0,
    namespace: 'shop',
  };
  const phase = { target: target(), requirement: trustsTarget, linkerd: { leafLifeMs: 86_420_000 } };
  const [only] = assess({ workloads: [workload], proxies }, { phase, input, memory: namespaceMemory() });
  return only?.decision;
}

describe('a pod without an address', () => {
  const pending = proxy({ unstarted: true, ready: false, anchors: ['old'] });
  it('that would be started with the wrong anchors has its workload rolled', () => {
    expect(decisionOn(web(), pending)).toEqual({ do: 'roll', mark: 'abc-trust' });
  });
  it('that holds up its own StatefulSet is named, to be deleted', () => {
    const workload = { namespace: 'shop', kind: 'StatefulSet', name: 'db' };
    const rolling = web({
      kind: 'StatefulSet',
      name: 'db',
      rolledOut: false,
      mark: 'abc-trust',
      markedAt: LONG_AGO,
      waitingFor: '0 of 2 pods are of the new revision',
    });
    expect(decisionOn(rolling, { ...pending, pod: 'db-1', workload })).toMatchObject({
      reason: 'RolloutStuck',
      hint: expect.stringContaining('delete pod db-1') as string,
    });
  });
});

describe('a workload that was rolled in this phase', () => {
  const rolled = { mark: 'abc-trust', markedAt: LONG_AGO, wanted: 3 };
  it('is missed with all its pods when none came back with a proxy', () => {
    expect(decisionOn(web(rolled))).toEqual({ do: 'wait', why: '3 of its 3 pods came back without a proxy' });
  });
  it('is missed also when a pod of another object carries its name', () => {
    const workload = { namespace: 'shop', kind: 'Deployment', name: 'web', uid: 'another' };
    const own = { ...workload, uid: 'u' };
    expect(decisionOn(web({ ...rolled, wanted: 2 }), proxy({ workload: own }), proxy({ workload }))).toMatchObject({
      why: '1 of its 2 pods came back without a proxy',
    });
  });
  it.each<[string, Partial<Workload>]>([
    ['whose pods are to have none', { ...rolled, unmeshed: true }],
    ['in another phase', { ...rolled, mark: 'abc-renew' }],
    ['that is still rolling', { ...rolled, rolledOut: false }],
    ['that is scaled to zero', { ...rolled, wanted: 0 }],
  ])('is not missed: one %s', (_what, change) => {
    expect(decisionOn(web(change), proxy())).not.toMatchObject({ why: expect.stringContaining('proxy') as string });
  });
});

describe('nextInLine', () => {
  const assessed = (name: string, decision: RolloutDecision): Assessment => {
    return { name, decision, proxies: 1, staying: 1, proven: 0 };
  };
  const state = [
    assessed('refused', { do: 'evict', refused: 'the budget is 0' }),
    assessed('rolling', { do: 'wait', why: 'w' }),
    assessed('held', { do: 'straggle', reason: 'R', message: 'm', hint: 'h' }),
    assessed('a', { do: 'roll', mark: 'm' }),
    assessed('b', { do: 'roll', mark: 'm' }),
  ];
  it('counts those that roll, not those that are given up on, and puts the refused last', () => {
    expect(nextInLine(state, 2).map(({ name }) => name)).toEqual(['a']);
    expect(nextInLine(state, 9).map(({ name }) => name)).toEqual(['a', 'b', 'refused']);
    expect(nextInLine(state, 1)).toEqual([]);
  });
});
