import { describe, expect, it } from 'vitest';
import { type CountedPod, type Pace, paceOf, predictRollout } from '../../../src/rotation/pace.js';

describe('predictRollout', () => {
  const turns = ['a', 'b', 'c'].map((namespace) => ({ namespace, turns: 16 }));
  const pace: Pace = { podStartMs: 1000, leafLifeMs: 1, controlPlaneWorkloads: 3, turns };
  it('adds the control plane and the turns of each namespace, one after another', () => {
    expect(predictRollout(pace, { namespaces: 1, workloads: 8 })).toBe(3000 + 6000);
  });
  it('takes as long as the longest lane when namespaces are rolled together', () => {
    expect(predictRollout(pace, { namespaces: 3, workloads: 8 })).toBe(3000 + 2000);
  });
});

describe('paceOf', () => {
  const linkerd = { namespace: 'linkerd', leafLifeMs: 1000 };
  const pods = (count: number, namespace: string, name: string, startMs?: number): CountedPod[] =>
    Array.from({ length: count }, () => ({
      namespace,
      workload: { namespace, kind: 'Deployment', name },
      ...(startMs === undefined ? {} : { startMs }),
    }));
  it('takes the median of how long pods took to start', () => {
    const mesh = [...pods(1, 'shop', 'a', 1000), ...pods(1, 'shop', 'b', 3000), ...pods(1, 'shop', 'c', 90_000)];
    expect(paceOf(linkerd, mesh).podStartMs).toBe(3000);
  });
  it('guesses half a minute where none tells', () => {
    expect(paceOf(linkerd, pods(1, 'shop', 'a')).podStartMs).toBe(30_000);
  });
  it('counts at most four turns of a workload, and the control plane apart', () => {
    const mesh = [...pods(40, 'shop', 'a'), ...pods(2, 'shop', 'b'), ...pods(3, 'linkerd', 'linkerd-identity')];
    expect(paceOf(linkerd, mesh)).toMatchObject({
      controlPlaneWorkloads: 1,
      turns: [{ namespace: 'shop', turns: 6 }],
      leafLifeMs: 1000,
    });
  });
});
