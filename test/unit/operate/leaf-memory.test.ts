import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { LeafObservation } from '../../../src/ground/mesh.js';
import type { Kubernetes } from '../../../src/kubernetes/client.js';
import { leafMemory } from '../../../src/operate/leaf-memory.js';

const HOUR_MS = 3_600_000;
const at = (ms: number) => new Date(Date.now() + ms).toISOString();

describe('the leaf of a process', () => {
  beforeEach(() => vi.useFakeTimers({ toFake: ['Date'] }));
  afterEach(() => vi.useRealTimers());
  const proxy = { uid: 'a', startedAt: new Date(Date.now() - HOUR_MS) };
  const fresh = (change: Partial<LeafObservation> = {}): LeafObservation => ({
    ...{ chain: ['leaf', 'issuer'], verifiesWith: ['old'], notBefore: at(0), notAfter: at(10 * HOUR_MS) },
    ...change,
  });
  const remembering = (leaf: LeafObservation, roots = ['old', 'new']) => {
    const memory = leafMemory({} as Kubernetes);
    memory.triedWith(roots);
    memory.set(proxy, leaf);
    return memory;
  };

  it('is known until the proxy renews it, at 70 % of its life', () => {
    const memory = remembering(fresh());
    expect(memory.get(proxy)).toMatchObject({ verifiesWith: ['old'] });
    vi.advanceTimersByTime(6.9 * HOUR_MS);
    expect(memory.get(proxy)).toMatchObject({ verifiesWith: ['old'] });
    vi.advanceTimersByTime(0.2 * HOUR_MS);
    expect(memory.get(proxy)).toBeUndefined();
  });
  it('is not that of the next process in the same pod', () => {
    expect(remembering(fresh()).get({ uid: 'a', startedAt: new Date(Date.now() - 60_000) })).toBeUndefined();
  });
  it('is asked for again when there is a root that it was not tried with', () => {
    const memory = remembering(fresh(), ['old']);
    memory.triedWith(['old', 'new']);
    expect(memory.get(proxy)).toBeUndefined();
  });
  it('stays known when there is a root less, and verifies with the others', () => {
    const memory = remembering(fresh({ verifiesWith: ['old', 'new'] }));
    memory.triedWith(['new']);
    expect(memory.get(proxy)).toMatchObject({ verifiesWith: ['new'] });
  });
  it('is asked for at each look while nobody of the mesh has signed it: its times are anybody’s', () => {
    expect(remembering(fresh({ verifiesWith: [] })).get(proxy)).toBeUndefined();
  });
  it('goes with its pod', () => {
    const memory = remembering(fresh());
    memory.keep([{ uid: 'b' }]);
    expect(memory.get(proxy)).toBeUndefined();
  });
});
