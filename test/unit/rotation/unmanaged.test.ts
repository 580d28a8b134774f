import { describe, expect, it } from 'vitest';
import type { WorkloadSnapshot } from '../../../src/ground/workload.js';
import { KINDS } from '../../../src/kubernetes/workload-kinds.js';
import {
  decideUnmanaged,
  ROLLED_KINDS,
  type UnmanagedPods,
  unrollableBecause,
} from '../../../src/rotation/unmanaged.js';

const LONG_AGO = '2026-01-01T00:00:00Z';
const waited: UnmanagedPods = {
  owner: { kind: 'Job', name: 'import' },
  alone: false,
  deletePods: false,
  evictions: 0,
  before: 0,
  staying: 0,
  unready: 0,
  unreadyFallsShort: false,
  outdated: 0,
  starting: 0,
  leaving: 0,
  stuckAfterMs: 60_000,
  now: new Date('2026-01-01T00:10:00Z'),
};
const rolled: WorkloadSnapshot = { kind: 'Deployment', rolledOut: true, replacement: 'rollout' };
const cronJob: WorkloadSnapshot = { kind: 'CronJob', rolledOut: true, replacement: 'next run' };
const evicted: WorkloadSnapshot = { ...rolled, replacement: 'eviction', evictionBecause: 'it is OnDelete' };

const kafka = { kind: 'StrimziPodSet', name: 'kafka', group: 'core.strimzi.io' };
const prometheus = { kind: 'Prometheus', name: 'main', group: 'monitoring.coreos.com' };
const ASKS = /The rotation will wait for it in its rollout, and ask$/;

describe('what preflight says of a workload', () => {
  it.each([
    ['Job', 'JobRunning'],
    ['CronJob', 'JobRunning'],
    ['StaticPod', 'StaticPod'],
    ['Pod', 'BarePod'],
    ['Rollout', 'CustomController'],
    ['CloneSet', 'CustomController'],
  ])('of a %s that reroot does not roll: %s, and that the rotation will ask', (kind, reason) => {
    const found = unrollableBecause(undefined, { kind, name: 'web' }, false);
    expect(found).toMatchObject({ reason, message: expect.stringMatching(ASKS) as string });
  });
  it('names the owner that it does not know, and by which means its maker restarts it', () => {
    const found = unrollableBecause(undefined, kafka, false);
    expect(found?.message).toContain('StrimziPodSet kafka');
    expect(found?.hint).toContain('kubectl annotate strimzipodset kafka strimzi.io/manual-rolling-update=true');
    expect(unrollableBecause(undefined, { kind: 'CloneSet', name: 'web' }, false)?.hint).toContain('its own means');
  });
  it.each([
    ['nothing for one that is rolled', rolled, false, undefined],
    ['JobRunning for a CronJob', cronJob, false, 'JobRunning'],
    ['NeedsEviction where evictions are not allowed', evicted, false, 'NeedsEviction'],
    ['nothing where they are', evicted, true, undefined],
    ['CustomController for one of an operator', { ...rolled, owner: prometheus }, false, 'CustomController'],
  ])('is %s', (_what, workload, deletePods, reason) => {
    expect(unrollableBecause(workload, { kind: workload.kind, name: 'web' }, deletePods)?.reason).toBe(reason);
  });
  it.each([
    ['of an operator is restarted', { ...rolled, owner: prometheus }, false, /Prometheus main.*restartedAt.*and ask/],
    ['of an operator is restarted, or evicted', { ...rolled, owner: prometheus }, true, /restartedAt.*evict its pods/],
    ['OnDelete, of an operator, waits', { ...evicted, owner: prometheus }, false, /OnDelete \(of Prometheus main\)/],
    ['made of bare pods is evicted', undefined, true, /kafka.*evict them, one at a time/],
  ])('says what will become of it: %s', (_what, workload, deletePods, says) => {
    expect(
      unrollableBecause(workload, workload ? { kind: workload.kind, name: 'web' } : kafka, deletePods)?.message,
    ).toMatch(says);
  });
});

describe('a kind that is rolled', () => {
  it('is one of those that are listed, but for the CronJob', () => {
    expect([...ROLLED_KINDS, 'CronJob'].toSorted()).toEqual(Object.keys(KINDS).toSorted());
  });
  it.each(ROLLED_KINDS)('%s: is not said to be one that reroot does not roll', (kind) => {
    expect(unrollableBecause(undefined, { kind, name: 'web' }, false)?.message).not.toContain(
      'is not rolled by reroot',
    );
  });
});

describe('pods of a controller that is not there', () => {
  const deployment = { ...waited, owner: { kind: 'Deployment', name: 'web' } };
  it('are left alone when none falls short', () => {
    expect(decideUnmanaged(waited)).toEqual({ do: 'nothing' });
  });
  it('are given time to go when their Deployment was deleted', () => {
    expect(decideUnmanaged({ ...deployment, outdated: 1 })).toMatchObject({ do: 'wait' });
    expect(decideUnmanaged({ ...deployment, outdated: 1, firstSeen: LONG_AGO })).toMatchObject({
      do: 'straggle',
      reason: 'CustomController',
    });
  });
  it('are given time to start', () => {
    expect(decideUnmanaged({ ...waited, starting: 1 })).toMatchObject({ do: 'wait' });
    expect(decideUnmanaged({ ...waited, starting: 1, unreadSince: LONG_AGO })).toMatchObject({
      reason: 'ProxyUnreadable',
    });
  });
  it('make a straggler when they do not end', () => {
    const leavesFirst = { pod: 'job-1', at: LONG_AGO };
    expect(decideUnmanaged({ ...waited, leaving: 1, leavesFirst })).toMatchObject({
      reason: 'TerminatingStuck',
    });
    expect(decideUnmanaged({ ...waited, leaving: 1 })).toMatchObject({ do: 'wait' });
  });
  it('make a straggler while a run that has begun falls short', () => {
    expect(decideUnmanaged({ ...waited, outdated: 1, starting: 1 })).toMatchObject({
      reason: 'JobRunning',
      message: expect.stringContaining('2 of its pods') as string,
    });
  });
});

describe('pods that an operator has made by itself', () => {
  const pods: UnmanagedPods = { ...waited, owner: kafka, outdated: 3, staying: 3 };
  const evicting = { ...pods, deletePods: true };
  it.each<[string, Partial<UnmanagedPods>, object]>([
    ['are evicted, where that is allowed', {}, { do: 'evict' }],
    [
      'are those of a StatefulSet of somebody else’s kind too',
      { owner: { kind: 'StatefulSet', name: 'db', group: 'apps.kruise.io' } },
      { do: 'evict' },
    ],
    ['wait for the one that is leaving', { leaving: 1 }, { do: 'wait' }],
    ['wait for the one that is starting', { starting: 1 }, { do: 'wait' }],
    ['wait for the one that has not come back yet', { before: 3, staying: 2, outdated: 2 }, { do: 'wait' }],
    ['wait for others to be ready', { unready: 1 }, { do: 'wait', why: '1 of 3 pods are not ready' }],
    ['do not wait for one that is to go anyway', { unready: 1, unreadyFallsShort: true }, { do: 'evict' }],
    ['are not evicted for ever', { evictions: 6, before: 3 }, { do: 'straggle', reason: 'OutdatedAfterRollout' }],
  ])('%s', (_what, change, decision) => {
    expect(decideUnmanaged({ ...evicting, ...change })).toMatchObject(decision);
  });
  it.each<[string, Partial<UnmanagedPods>, string]>([
    ['one does not come back', { before: 3, staying: 2, outdated: 0 }, 'ProxyLost'],
    ['none comes back', { before: 1, staying: 0, outdated: 0 }, 'ProxyLost'],
    ['others do not get ready', { unready: 2, unreadyFallsShort: true }, 'RolloutStuck'],
    [
      'a budget lets none go',
      { refused: { reason: 'EvictionBlocked', message: 'budget', since: LONG_AGO, final: false } },
      'EvictionBlocked',
    ],
  ])('become a straggler when %s', (_what, change, reason) => {
    expect(decideUnmanaged({ ...evicting, ...change, firstSeen: LONG_AGO })).toMatchObject({ do: 'straggle', reason });
  });
  it('are a question to a person where evictions are not allowed, with their owner and its means', () => {
    expect(decideUnmanaged(pods)).toMatchObject({
      reason: 'CustomController',
      message: expect.stringMatching(/^3 of its pods fall short: its pods belong to StrimziPodSet kafka/) as string,
      hint: expect.stringContaining('rollout.deletePods') as string,
    });
  });
  it.each([
    ['a pod whose owner is another than it says', { alone: true }],
    ['a run of a Job', { owner: { kind: 'Job', name: 'import' } }],
    ['a pod that nobody would make anew', { owner: { kind: 'Pod', name: 'alone' } }],
    ['a static pod', { owner: { kind: 'StaticPod', name: 'proxy' } }],
    ['a pod of a DaemonSet that is gone', { owner: { kind: 'DaemonSet', name: 'agent' }, firstSeen: LONG_AGO }],
  ])('are not evicted where there is only %s', (_what, change) => {
    expect(decideUnmanaged({ ...evicting, ...change }).do).toBe('straggle');
  });
});
