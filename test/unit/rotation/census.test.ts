import { describe, expect, it } from 'vitest';
import type { ProxyObservation } from '../../../src/ground/mesh.js';
import { censusOf, noCounts, type Sample, totalOf, withSample } from '../../../src/rotation/census.js';

const ROOTS = { old: ['o'], new: 'n' };

function proxy(namespace: string, anchors?: string[], verifiesWith?: string[]): ProxyObservation {
  const leaf = verifiesWith && { chain: [], verifiesWith, notBefore: '', notAfter: '' };
  return {
    ...{ namespace, pod: 'p', uid: 'u', ready: true, terminating: false },
    workload: { namespace, kind: 'Deployment', name: 'd' },
    ...(anchors ? { anchors } : {}),
    ...(leaf ? { leaf } : {}),
  };
}

describe('a census', () => {
  it('counts by namespace what proxies trust and present', () => {
    const proxies = [
      proxy('b', ['o'], ['o']),
      proxy('b', ['o', 'n', 'foreign'], ['o', 'n']),
      proxy('a', ['n'], ['n']),
      proxy('a', ['foreign'], []),
      proxy('a'),
    ];
    const census = censusOf(proxies, ROOTS);
    expect(census).toEqual([
      {
        ...{ namespace: 'a', proxies: 3 },
        trusts: { ...noCounts(), new: 1, other: 1, unknown: 1 },
        presents: { ...noCounts(), new: 1, other: 1, unknown: 1 },
      },
      {
        ...{ namespace: 'b', proxies: 2 },
        trusts: { ...noCounts(), old: 1, both: 1 },
        presents: { ...noCounts(), old: 1, both: 1 },
      },
    ]);
    expect(totalOf(census, 'trusts')).toEqual({ old: 1, both: 1, new: 1, other: 1, unknown: 1 });
  });

  it('knows no new root between rotations', () => {
    expect(censusOf([proxy('a', ['o', 'n'], ['o'])], { old: ['o'] })[0]?.trusts).toEqual({ ...noCounts(), old: 1 });
  });
});

describe('a timeline', () => {
  const sample = (index: number, phase: string): Sample => ({
    ...{ at: String(index), phase },
    ...{ trusts: noCounts(), presents: noCounts() },
  });

  it('reaches from its beginning to now however long that is, and keeps the changes of the phase', () => {
    let timeline: Sample[] = [];
    for (let index = 0; index < 1000; index += 1)
      timeline = withSample(timeline, sample(index, index < 501 ? 'renew' : 'retire'), 40);
    expect(timeline.length).toBeLessThanOrEqual(40);
    expect(timeline.at(0)?.at).toBe('0');
    expect(timeline.at(-1)?.at).toBe('999');
    expect(timeline.find(({ phase }) => phase === 'retire')?.at).toBe('501');
  });
});
