import { describe, expect, it } from 'vitest';
import type { WorkloadSnapshot } from '../../../../src/ground/workload.js';
import type { UnrollableFacts } from '../../../../src/rotation/preflight/observation.js';
import { unrollableAmong } from '../../../../src/rotation/preflight/workloads.js';
import { leaf, proxy, without } from '../support.js';
import { after, type Case, type ExpectedFinding, healthyProxy, holds, ROOT_EXPIRED } from './support.js';

const waiver = (subject: string) => [{ subject, reason: 'known' }];

describe('unrollableAmong', () => {
  const rolled: WorkloadSnapshot = { kind: 'Deployment', rolledOut: true, replacement: 'rollout' };
  const evicted: WorkloadSnapshot = {
    kind: 'StatefulSet',
    rolledOut: true,
    replacement: 'eviction',
    evictionBecause: 'its update strategy is OnDelete',
  };
  const of = (kind: string) => proxy({ workload: { namespace: 'shop', kind, name: 'web' } });
  const reasons = (found: UnrollableFacts[]) => found.map(({ workload, reason }) => [workload, reason]);

  it('is empty when each workload can be rolled', () => {
    expect(unrollableAmong([of('Deployment')], new Map([['shop/Deployment/web', rolled]]), false)).toEqual([]);
  });
  it('names a workload once, however many proxies it has', () => {
    expect(reasons(unrollableAmong([of('Pod'), of('Pod')], new Map(), false))).toEqual([['shop/Pod/web', 'BarePod']]);
  });
  it('leaves out what is going anyway', () => {
    expect(unrollableAmong([{ ...of('Pod'), terminating: true }], new Map(), false)).toEqual([]);
  });
  it('names a pod that only carries the name of a workload by its own', () => {
    const workload = { namespace: 'shop', kind: 'Deployment', name: 'web', uid: 'another' };
    const known = new Map([['shop/Deployment/web', { ...rolled, uid: 'u' }]]);
    expect(reasons(unrollableAmong([proxy({ pod: 'planted', workload })], known, false))).toEqual([
      ['shop/Pod/planted', 'CustomController'],
    ]);
  });
  it('names what needs an eviction, unless that is allowed', () => {
    const known = new Map([['shop/StatefulSet/web', evicted]]);
    expect(reasons(unrollableAmong([of('StatefulSet')], known, false))).toEqual([
      ['shop/StatefulSet/web', 'NeedsEviction'],
    ]);
    expect(unrollableAmong([of('StatefulSet')], known, true)).toEqual([]);
  });
});

describe('proxyUnreadable', () => {
  const unreadable = { ...without(healthyProxy, 'leaf'), problem: 'no answer on 4191' };
  const down = { ...unreadable, ready: false, createdAt: after(-700_000) };
  const unscheduled = { ...without(down, 'problem'), pendingBecause: '0/3 nodes are available: Insufficient cpu' };
  const finding: ExpectedFinding = {
    reason: 'ProxyUnreadable',
    severity: 'block',
    subject: 'shop/Pod/web-1',
    says: ['no answer on 4191'],
    hint: '--reach',
  };
  it.each<Case>([
    { name: 'finds nothing when every proxy can be read', observed: { proxies: [healthyProxy] }, finds: [] },
    { name: 'blocks on a proxy that cannot be read', observed: { proxies: [unreadable] }, finds: [finding] },
    {
      name: 'blocks on one that should have started long ago',
      observed: { proxies: [{ ...unreadable, createdAt: after(-700_000) }] },
      finds: [finding],
    },
    {
      name: 'only warns of one that is starting: a mesh in which pods come and go always has some',
      observed: { proxies: [healthyProxy, { ...unreadable, createdAt: after(-500_000) }] },
      finds: [{ ...finding, severity: 'warn' }],
    },
    {
      name: 'blocks when not one proxy answers, however young they are: the way to them is wrong',
      observed: { proxies: [{ ...unreadable, createdAt: after(-500_000) }] },
      finds: [{ ...finding, hint: 'most proxies cannot be reached: choose another way with `--reach port-forward`' }],
    },
    {
      name: 'only warns of one that cannot run, in the words of its kubelet: the gates wait for it',
      observed: { proxies: [healthyProxy, { ...down, pendingBecause: 'container migrate: CrashLoopBackOff' }] },
      finds: [{ ...finding, severity: 'warn', says: ['not ready', 'CrashLoopBackOff'], hint: 'the gates wait for it' }],
    },
    {
      name: 'only warns of one that never gets ready, of which nobody says why',
      observed: { proxies: [healthyProxy, down] },
      finds: [{ ...finding, severity: 'warn', says: ['no answer on 4191'], hint: 'the gates wait for it' }],
    },
    {
      name: 'blocks on one that is ready, in a mesh where another answers',
      observed: { proxies: [healthyProxy, { ...unreadable, createdAt: after(-700_000) }] },
      finds: [finding],
    },
    {
      name: 'blocks when not one proxy answers, ready or not',
      observed: { proxies: [down] },
      finds: [{ ...finding, hint: 'most proxies cannot be reached' }],
    },
    {
      name: 'only warns of a pod that nothing runs of, in the words of the scheduler',
      observed: { unstarted: [{ ...unscheduled, createdAt: after(-700_000) }] },
      finds: [{ ...finding, severity: 'warn', says: ['0/3 nodes are available'], hint: 'the gates wait for it' }],
    },
    {
      name: 'finds nothing of one that waits for a node for a moment',
      observed: { unstarted: [{ ...unscheduled, createdAt: after(-5000) }] },
      finds: [],
    },
    {
      name: 'finds nothing of one that is waived',
      observed: { unstarted: [unscheduled], waivers: waiver('shop/Deployment/web') },
      finds: [],
    },
    {
      name: 'finds nothing when its pod is going',
      observed: { proxies: [{ ...unreadable, terminating: true }] },
      finds: [],
    },
    {
      name: 'finds nothing when its workload is waived',
      observed: { proxies: [unreadable], waivers: waiver('shop/Deployment/web') },
      finds: [],
    },
    {
      name: 'finds nothing when its namespace is waived',
      observed: { proxies: [unreadable], waivers: waiver('shop') },
      finds: [],
    },
    {
      name: 'warns in a recovery: it may be what is broken',
      observed: { proxies: [unreadable], recovery: 'root' },
      finds: [ROOT_EXPIRED, { ...finding, severity: 'warn' }],
    },
  ])('$name', holds);
});

describe('leafUnderNoAnchor', () => {
  const foreign = proxy({ leaf: leaf({ verifiesWith: ['gone'] }) });
  const finding: ExpectedFinding = {
    reason: 'LeafUnderNoAnchor',
    severity: 'block',
    subject: 'shop/Pod/web-1',
    says: ['none of the anchors'],
    hint: 'restart its workload',
  };
  it.each<Case>([
    {
      name: 'finds nothing when an anchor verifies the chain',
      observed: { proxies: [healthyProxy], anchors: ['old'] },
      finds: [],
    },
    {
      name: 'finds nothing when one anchor of several verifies the chain',
      observed: { anchors: ['other', 'old'] },
      finds: [],
    },
    { name: 'blocks on a chain that no anchor verifies', observed: { proxies: [foreign] }, finds: [finding] },
    {
      name: 'finds nothing when its workload is waived',
      observed: { proxies: [foreign], waivers: waiver('shop/Deployment/web') },
      finds: [],
    },
    {
      name: 'warns in a recovery: it is what is to be repaired',
      observed: { proxies: [foreign], recovery: 'root' },
      finds: [ROOT_EXPIRED, { ...finding, severity: 'warn' }],
    },
  ])('$name', holds);
});

describe('workloadCannotRoll', () => {
  const bare: UnrollableFacts = {
    workload: 'shop/Pod/web',
    reason: 'BarePod',
    message: 'no controller',
    hint: 'delete',
  };
  const job: UnrollableFacts = { ...bare, workload: 'shop/Job/run', reason: 'JobRunning' };
  it.each<Case>([
    { name: 'finds nothing when every workload can be rolled', observed: { unrollable: [] }, finds: [] },
    {
      name: 'warns of one whose pods stay: the mesh is healthy, and its rollout will ask',
      observed: { unrollable: [bare] },
      finds: [
        { reason: 'BarePod', severity: 'warn', subject: 'shop/Pod/web', says: ['no controller'], hint: 'delete' },
      ],
    },
    {
      name: 'warns of one whose pods end by themselves',
      observed: { unrollable: [job] },
      finds: [{ reason: 'JobRunning', severity: 'warn', subject: 'shop/Job/run', says: [], hint: 'delete' }],
    },
    {
      name: 'finds nothing when it is waived',
      observed: { unrollable: [bare], waivers: waiver('shop/Pod/web') },
      finds: [],
    },
  ])('$name', holds);
});
