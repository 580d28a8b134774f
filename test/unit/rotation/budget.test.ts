import { array, assert, boolean, integer, property, record } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type InLine, inFlight, nextOfCluster, usualBudget } from '../../../src/rotation/budget.js';

const ROLL = { do: 'roll', mark: 'abc-trust' } as const;
const WAIT = { do: 'wait', why: 'its rollout is under way' } as const;

function one(name: string, change: Partial<InLine> = {}): InLine {
  const [namespace = ''] = name.split('/');
  return { name, namespace, decision: ROLL, begun: false, atOnce: 2, left: 4, ...change };
}
const next = (line: InLine[], limits: Parameters<typeof nextOfCluster>[2], held: string[] = []) =>
  nextOfCluster(line, new Set(line.map(({ name }) => name).filter((name) => !held.includes(name))), limits).map(
    ({ name }) => name,
  );

describe('usualBudget', () => {
  it.each([
    [47, 100],
    [1000, 500],
    [3047, 1524],
    [10_000, 5000],
  ])('of %s proxies is %s pods', (proxies, budget) => expect(usualBudget(proxies)).toBe(budget));
});

describe('nextOfCluster', () => {
  it('takes as many as fit, whatever their namespace', () => {
    expect(next([one('a/1'), one('a/2'), one('b/1'), one('b/2')], { pods: 6 })).toEqual(['a/1', 'a/2', 'b/1']);
  });
  it('counts what is under way, and that only as far as pods are left', () => {
    const busy = one('a/1', { decision: WAIT, begun: true, atOnce: 8, left: 3 });
    expect(inFlight([busy])).toBe(3);
    expect(next([busy, one('a/2'), one('b/1')], { pods: 6 })).toEqual(['a/2']);
  });
  it('counts nothing that only waits: for pods that somebody else replaces, or that have not been read', () => {
    expect(next([one('a/1', { decision: WAIT }), one('a/2')], { pods: 2 })).toEqual(['a/2']);
  });
  it('begins with what takes the most turns', () => {
    const set = one('a/set', { atOnce: 1, left: 5 });
    expect(next([one('a/web'), set], { pods: 1 })).toEqual(['a/set']);
    expect(next([one('a/web'), set], { pods: 3 })).toEqual(['a/set', 'a/web']);
  });
  it('lets what is larger than the budget go alone, and nothing beside it', () => {
    const large = one('a/large', { atOnce: 50, left: 400 });
    expect(next([one('a/web'), large], { pods: 10 })).toEqual(['a/large']);
    expect(next([one('a/web'), { ...large, decision: WAIT, begun: true }], { pods: 10 })).toEqual([]);
  });
  it('takes a smaller one where the next is too large for what is left', () => {
    const line = [
      one('a/1', { atOnce: 3, left: 30 }),
      one('a/2', { atOnce: 3, left: 20 }),
      one('b/1', { atOnce: 1, left: 1 }),
    ];
    expect(next(line, { pods: 4 })).toEqual(['a/1', 'b/1']);
  });
  it('takes what was just refused last', () => {
    const refused = one('a/1', { decision: { ...ROLL, refused: 'no' }, left: 40 });
    expect(next([refused, one('b/1')], { pods: 2 })).toEqual(['b/1']);
  });
  it('heeds the caps, and those that are held back', () => {
    const line = [one('a/1'), one('a/2'), one('b/1'), one('c/1')];
    expect(next(line, { pods: 100, namespaces: 2 })).toEqual(['a/1', 'a/2', 'b/1']);
    expect(next(line, { pods: 100, workloads: 1 })).toEqual(['a/1', 'b/1', 'c/1']);
    expect(next(line, { pods: 100 }, ['a/1', 'c/1'])).toEqual(['a/2', 'b/1']);
  });
  it('never has more under way than the budget, unless one alone is more', () => {
    const workload = record({
      atOnce: integer({ min: 1, max: 20 }),
      left: integer({ min: 0, max: 60 }),
      begun: boolean(),
    });
    assert(
      property(array(workload, { maxLength: 40 }), integer({ min: 1, max: 50 }), (workloads, pods) => {
        const line = workloads.map((change, index) => one(`n${index % 5}/${index}`, change));
        const taken = new Set(next(line, { pods }));
        const after = line.map((each) => (taken.has(each.name) ? { ...each, decision: WAIT, begun: true } : each));
        expect(inFlight(after) <= pods || taken.size <= 1).toBe(true);
        expect(taken.size > 0 || line.length === 0).toBe(true);
      }),
    );
  });
});
