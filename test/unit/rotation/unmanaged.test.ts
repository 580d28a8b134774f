import { describe, expect, it } from 'vitest';
import type { WorkloadSnapshot } from '../../../src/ground/workload.js';
import { KINDS } from '../../../src/kubernetes/workload-kinds.js';
import type { Waited } from '../../../src/rotation/rollout-waits.js';
import { decideUnmanaged, ROLLED_KINDS, unrollableBecause } from '../../../src/rotation/unmanaged.js';

const LONG_AGO = '2026-01-01T00:00:00Z';
const waited: Waited = {
  outdated: 0,
  starting: 0,
  leaving: 0,
  stuckAfterMs: 60_000,
  now: new Date('2026-01-01T00:10:00Z'),
};
const rolled: WorkloadSnapshot = { kind: 'Deployment', rolledOut: true, replacement: 'rollout' };
const cronJob: WorkloadSnapshot = { kind: 'CronJob', rolledOut: true, replacement: 'next run' };
const evicted: WorkloadSnapshot = { ...rolled, replacement: 'eviction', evictionBecause: 'it is OnDelete' };

describe('unrollableBecause', () => {
  it.each([
    ['Job', 'JobRunning', true],
    ['CronJob', 'JobRunning', true],
    ['StaticPod', 'StaticPod', false],
    ['Pod', 'BarePod', false],
    ['Rollout', 'CustomController', false],
    ['CloneSet', 'CustomController', false],
  ])('of a %s that reroot does not roll: %s', (kind, reason, ends) => {
    expect(unrollableBecause(undefined, kind, false)).toMatchObject({ reason, ends });
  });
  it('names the kind of a controller that it does not know', () => {
    expect(unrollableBecause(undefined, 'CloneSet', false)?.message).toContain('CloneSet');
  });
  it.each([
    ['nothing for one that is rolled', rolled, false, undefined],
    ['JobRunning for a CronJob', cronJob, false, 'JobRunning'],
    ['NeedsEviction where evictions are not allowed', evicted, false, 'NeedsEviction'],
    ['nothing where they are', evicted, true, undefined],
  ])('says %s', (_what, workload, deletePods, reason) => {
    expect(unrollableBecause(workload, workload.kind, deletePods)?.reason).toBe(reason);
  });
});

describe('a kind that is rolled', () => {
  it('is one of those that are listed, but for the CronJob', () => {
    expect([...ROLLED_KINDS, 'CronJob'].toSorted()).toEqual(Object.keys(KINDS).toSorted());
  });
  it.each(ROLLED_KINDS)('%s: is not said to be one that reroot does not roll', (kind) => {
    expect(unrollableBecause(undefined, kind, false)?.message).not.toContain('is not rolled by reroot');
  });
});

describe('pods of a controller that is not there', () => {
  it('are left alone when none falls short', () => {
    expect(decideUnmanaged('Job', waited)).toEqual({ do: 'nothing' });
  });
  it('are given time to go when their Deployment was deleted', () => {
    expect(decideUnmanaged('Deployment', { ...waited, outdated: 1 })).toMatchObject({ do: 'wait' });
    expect(decideUnmanaged('Deployment', { ...waited, outdated: 1, firstSeen: LONG_AGO })).toMatchObject({
      do: 'straggle',
      reason: 'CustomController',
    });
  });
  it('are given time to start', () => {
    expect(decideUnmanaged('Job', { ...waited, starting: 1 })).toMatchObject({ do: 'wait' });
    expect(decideUnmanaged('Job', { ...waited, starting: 1, unreadSince: LONG_AGO })).toMatchObject({
      reason: 'ProxyUnreadable',
    });
  });
  it('make a straggler when they do not end', () => {
    const leavesFirst = { pod: 'job-1', at: LONG_AGO };
    expect(decideUnmanaged('Job', { ...waited, leaving: 1, leavesFirst })).toMatchObject({
      reason: 'TerminatingStuck',
    });
    expect(decideUnmanaged('Job', { ...waited, leaving: 1 })).toMatchObject({ do: 'wait' });
  });
  it('make a straggler while a run that has begun falls short', () => {
    expect(decideUnmanaged('Job', { ...waited, outdated: 1, starting: 1 })).toMatchObject({
      reason: 'JobRunning',
      message: expect.stringContaining('2 of its pods') as string,
    });
  });
});
