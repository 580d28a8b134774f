import { expect, it } from 'vitest';
import { podWatch } from '../../../../activities/kit/pod-watch.js';
import type { MeshedPod } from '../../../../src/linkerd/proxies/pods.js';

const BORN = '2026-01-01T00:00:10Z';

function pod(uid: string, change: Partial<MeshedPod> = {}): MeshedPod {
  const workload = { namespace: 'shop', kind: 'Deployment', name: 'web' };
  const own = { namespace: 'shop', name: uid, uid, workload, createdAt: BORN };
  return { ...own, ready: true, terminating: false, anchorsFromBundle: false, startMs: 4000, ...change };
}
const notReady = (uid: string): MeshedPod => {
  const { startMs: _, ...rest } = pod(uid, { ready: false });
  return rest;
};

it('knows what is usual from the pods that were there at first', () => {
  const watch = podWatch(() => 0);
  expect(watch.look([pod('a', { startMs: 1000 }), pod('b', { startMs: 3000 }), pod('c', { startMs: 9000 })])).toEqual({
    ...{ usualMs: 3000, pods: [], fallen: [] },
  });
  expect(podWatch(() => 0).look([notReady('a')])).toEqual({ pods: [], fallen: [] });
});

it('tells of each new pod until it has got ready, and once that it has', () => {
  const watch = podWatch(() => 0);
  watch.look([pod('a')]);
  const createdAt = Date.parse(BORN);
  expect(watch.look([pod('a'), notReady('b')]).pods).toEqual([{ createdAt }]);
  expect(watch.look([pod('a'), notReady('b')]).pods).toEqual([{ createdAt }]);
  expect(watch.look([pod('a'), pod('b')]).pods).toEqual([{ createdAt, tookMs: 4000 }]);
  expect(watch.look([pod('a'), pod('b')]).pods).toEqual([]);
});

it('calls a workload fallen when a pod of it that was ready has not been for half a minute, and stays', () => {
  let now = 0;
  const watch = podWatch(() => now);
  const fallenAt = (at: number, ...pods: MeshedPod[]): string[] => {
    now = at;
    return watch.look(pods).fallen;
  };
  expect(fallenAt(0, pod('a'), pod('b'))).toEqual([]);
  expect(fallenAt(1000, notReady('a'), pod('b'), notReady('new'))).toEqual([]);
  expect(fallenAt(40_000, notReady('a'), pod('b'), notReady('new'))).toEqual(['shop/Deployment/web']);
  expect(fallenAt(41_000, { ...notReady('a'), terminating: true }, pod('b'))).toEqual([]);
  expect(fallenAt(42_000, pod('a'), notReady('b'))).toEqual([]);
  expect(fallenAt(50_000, pod('a'), pod('b'))).toEqual([]);
  expect(fallenAt(90_000, notReady('a'), pod('b'))).toEqual([]);
});
