import { describe, expect, it } from 'vitest';
import { presentsTarget } from '../../../src/rotation/gates.js';
import { changeOf, stragglers } from '../../../src/rotation/stragglers.js';
import { leaf, proxy, target, without } from './support.js';

const NOON = new Date('2026-01-01T12:00:00Z');
const old = leaf({ verifiesWith: ['old'] });
const found = (proxies: Parameters<typeof stragglers>[0], waivers: { subject: string; reason: string }[] = []) => [
  ...stragglers(proxies, { target: target(), requirement: presentsTarget, waivers, stuckAfterMs: 600_000 }, NOON),
];
const starting = without(proxy({ createdAt: '2026-01-01T11:59:58Z', problem: 'no answer' }), 'leaf');

describe('the stragglers of a stuck phase', () => {
  it('are workloads, each with the reason; whichever of their pods it is', () => {
    const web = ['web-1', 'web-2'].map((pod) => proxy({ pod, leaf: old }));
    expect(found([...web, proxy()])).toEqual(['shop/Deployment/web LeafNotUnderTarget']);
  });
  it('are not pods that are starting', () => {
    expect(found([starting])).toEqual([]);
    expect(found([{ ...starting, createdAt: '2026-01-01T11:49:59Z' }])).toEqual(['shop/Deployment/web LeafUnknown']);
    expect(found([without(starting, 'createdAt')])).toEqual(['shop/Deployment/web LeafUnknown']);
  });
  it('are not pods that are going, nor those that will end by themselves before anybody is asked', () => {
    expect(found([{ ...starting, createdAt: '2026-01-01T00:00:00Z', terminating: true }])).toEqual([]);
    const job = { namespace: 'shop', kind: 'CronJob', name: 'report' };
    expect(found([proxy({ leaf: old, workload: job, createdAt: '2026-01-01T11:59:58Z' })])).toEqual([]);
    expect(found([proxy({ leaf: old, workload: job, createdAt: '2026-01-01T10:00:00Z' })])).toHaveLength(1);
    expect(found([proxy({ leaf: old, createdAt: '2026-01-01T11:59:58Z' })])).toHaveLength(1);
  });
  it('are not those that somebody has waived', () => {
    expect(found([proxy({ leaf: old })], [{ subject: 'shop', reason: 'known' }])).toEqual([]);
  });
});

describe('a change of the stragglers', () => {
  const looks = (...sets: string[][]) => {
    const isChanged = changeOf();
    return sets.map((names) => isChanged(new Set(names)));
  };
  it('is none while they are the same', () => {
    expect(looks(['a', 'b'], ['b', 'a'], ['a', 'b'])).toEqual([false, false, false]);
  });
  it('is that one is gone, in two looks', () => {
    expect(looks(['a', 'b'], ['a'], ['a'])).toEqual([false, false, true]);
    expect(looks(['a', 'b'], ['a'], ['a', 'b'], ['a'])).toEqual([false, false, false, false]);
  });
  it('is a new one that stays for two looks, not one after the other', () => {
    expect(looks(['a'], ['a', 'b'], ['a', 'b'])).toEqual([false, false, true]);
    expect(looks(['a'], ['a', 'b'], ['a', 'c'], ['a', 'd'])).toEqual([false, false, false, false]);
  });
});
