import { describe, expect, it } from 'vitest';
import type { WorkloadSnapshot } from '../../../src/ground/workload.js';
import { type CountedPod, type Pace, paceOf, predictRollout } from '../../../src/rotation/pace.js';
import { span } from '../../../src/rotation/span.js';

describe('predictRollout', () => {
  const of = (seconds: number) => span(seconds * 1000, seconds * 2000);
  const one = (seconds: number, atOnce = 1) => ({ lasts: of(seconds), atOnce });
  const pace: Pace = {
    leafLifeMs: 1,
    proxies: 0,
    controlPlane: [1, 1, 1].map((seconds, index) => ({ name: `c${index}`, lasts: of(seconds) })),
    namespaces: [[one(2), one(2), one(2)], [one(3)], [one(1)]],
  };
  const look = span(1000, 5000);
  it('adds the control plane, the namespaces one after another, and the look at the end', () => {
    expect(predictRollout(pace, { namespaces: 1, workloads: 1, canary: 'none' })).toEqual(
      span(3000 + 10_000 + look.fromMs, 6000 + 20_000 + look.toMs),
    );
  });
  it('takes as long as the longest lane when namespaces and workloads are rolled together', () => {
    expect(predictRollout(pace, { namespaces: 3, workloads: 2, canary: 'none' })).toEqual(
      span(3000 + 4000 + look.fromMs, 6000 + 8000 + look.toMs),
    );
  });
  it('rolls all at the same time where nobody caps it, after the canary of each namespace', () => {
    expect(predictRollout(pace, { canary: 'none' })).toEqual(span(3000 + 3000 + 1000, 6000 + 6000 + 5000));
    expect(predictRollout(pace, { canary: 'eachNamespace' })).toEqual(span(3000 + 4000 + 1000, 6000 + 8000 + 5000));
  });
  it('is as slow as the budget of pods makes it', () => {
    const crowded = { ...pace, namespaces: [[one(10, 5), one(10, 5)]] };
    expect(predictRollout(crowded, { pods: 4, canary: 'none' })).toEqual(
      span(3000 + 20_000 + look.fromMs, 6000 + 40_000 + look.toMs),
    );
  });
});

describe('paceOf', () => {
  const linkerd = { namespace: 'linkerd', leafLifeMs: 1000 };
  const pods = (
    count: number,
    name: string,
    more: { startMs?: number; kind?: string; namespace?: string } = {},
  ): CountedPod[] => {
    const { startMs, kind = 'Deployment', namespace = 'shop' } = more;
    const workload = { namespace, kind, name };
    return Array.from({ length: count }, () => ({
      namespace,
      workload,
      ...(startMs === undefined ? {} : { startMs }),
    }));
  };
  const speed = { atOnce: 1, oldGoesFirst: true, minReadyMs: 0, graceMs: 0 };
  const known = (name: string, more: Partial<WorkloadSnapshot>, kind = 'Deployment') =>
    new Map([[`shop/${kind}/${name}`, { kind, replacement: 'rollout' as const, rolledOut: true, ...more }]]);
  const lasts = (mesh: CountedPod[], workloads = new Map<string, WorkloadSnapshot>(), deletePods = false) =>
    paceOf(linkerd, mesh, { workloads, deletePods })
      .namespaces.flat()
      .map((one) => one.lasts);

  it("takes how long a workload's own pods took: the median, and what nine of ten did not exceed", () => {
    const mesh = [
      ...pods(8, 'a', { startMs: 4000 }),
      ...pods(2, 'a', { startMs: 20_000 }),
      ...pods(9, 'b', { startMs: 1 }),
    ];
    expect(lasts(mesh, known('a', { speed }))[0]).toEqual(span(10 * 4000, 10 * 21_000));
  });
  it('takes those of the mesh where its own do not tell, and a guess where none does', () => {
    const mesh = [...pods(1, 'a'), ...pods(3, 'b', { startMs: 5000 })];
    expect(lasts(mesh, known('a', { speed }))[0]).toEqual(span(5000, 6000));
    expect(lasts(pods(1, 'a'), known('a', { speed }))).toEqual([span(10_000, 60_000)]);
  });
  it('believes no pod that says it took a day to start', () => {
    const mesh = [...pods(1, 'a', { startMs: 86_400_000 }), ...pods(1, 'a', { startMs: 2000 })];
    expect(lasts(mesh, known('a', { speed }))).toEqual([span(4000, 6000)]);
  });
  it.each<[string, Partial<WorkloadSnapshot>, ReturnType<typeof span>]>([
    ['as many at once as its strategy allows', { speed: { ...speed, atOnce: 3 } }, span(4 * 1000, 4 * 2000)],
    [
      'each once it has been ready for so long',
      { speed: { ...speed, minReadyMs: 30_000 } },
      span(10 * 31_000, 10 * 32_000),
    ],
    ['an old pod gone first, each time', { speed: { ...speed, graceMs: 30_000 } }, span(10_000, 10 * 32_000)],
    [
      'the last old pods at the end',
      { speed: { ...speed, oldGoesFirst: false, graceMs: 30_000 } },
      span(10_000, 50_000),
    ],
    ['as many as it is to have', { speed, wanted: 20 }, span(20_000, 40_000)],
  ])('replaces %s', (_what, more, expected) => {
    expect(lasts(pods(10, 'a', { startMs: 1000 }), known('a', more))).toEqual([expected]);
  });
  it('evicts one at a time, where it may, and else leaves it to people', () => {
    const evicted = known('a', { replacement: 'eviction', speed: { ...speed, atOnce: 9 } });
    expect(lasts(pods(3, 'a', { startMs: 1000 }), evicted, true)).toEqual([span(3000, 6000)]);
    expect(lasts(pods(3, 'a', { startMs: 1000 }), evicted, false)).toEqual([]);
  });
  it('predicts nothing for what it does not roll', () => {
    expect(lasts([...pods(1, 'a', { kind: 'Job' }), ...pods(1, 'b', { kind: 'Pod' })])).toEqual([]);
    const paused = known('a', { unrollable: { reason: 'DeploymentPaused', message: '', hint: '' } });
    expect(lasts(pods(1, 'a'), paused)).toEqual([]);
  });
  it('knows the usual speed of a kind where the workload was not listed, and the control plane apart', () => {
    const mesh = [
      ...pods(8, 'a', { startMs: 1000 }),
      ...pods(3, 'db', { startMs: 1000, kind: 'StatefulSet', namespace: 'data' }),
      ...pods(1, 'linkerd-identity', { startMs: 1000, namespace: 'linkerd' }),
    ];
    expect(paceOf(linkerd, mesh)).toEqual({
      leafLifeMs: 1000,
      proxies: 12,
      controlPlane: [{ name: 'linkerd/Deployment/linkerd-identity', lasts: span(1000, 32_000) }],
      namespaces: [[{ lasts: span(2000, 34_000), atOnce: 4 }], [{ lasts: span(3000, 96_000), atOnce: 1 }]],
    });
  });
});
