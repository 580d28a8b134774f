import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Dependencies } from '../../../../activities/kit/dependencies.js';
import { proxyCache } from '../../../../activities/kit/proxy-cache.js';
import type { PhaseContext } from '../../../../activities/kit/stored-rotation.js';
import type { ProxyObservation } from '../../../../src/ground/mesh.js';
import type { MeshedPod } from '../../../../src/linkerd/proxies/pods.js';
import { proxy } from '../../rotation/support.js';

const asked = vi.hoisted(() => ({ pods: [] as string[], problem: undefined as string | undefined }));
vi.mock('../../../../activities/kit/proxies.js', () => ({
  probe: async (_: unknown, __: unknown, pods: readonly MeshedPod[]) => {
    asked.pods.push(...pods.map(({ uid }) => uid));
    const { problem } = asked;
    return await Promise.resolve(
      pods.map(({ uid, ready }): ProxyObservation => ({ ...proxy({ uid, ready }), ...(problem ? { problem } : {}) })),
    );
  },
}));

const pod = (change: Partial<MeshedPod> = {}): MeshedPod => ({
  ...{ namespace: 'shop', name: 'web-1', uid: 'u1', address: '10.0.0.1', ready: false, terminating: false },
  ...{ anchorsFromBundle: false, startedAt: new Date('2026-01-01T00:00:00Z') },
  workload: { namespace: 'shop', kind: 'Deployment', name: 'web' },
  ...change,
});
const phase = {
  requirement: ({ problem }: ProxyObservation) => (problem ? { reason: 'LeafUnknown' } : undefined),
} as unknown as PhaseContext;
const cache = () => proxyCache({} as Dependencies, phase, { isDue: () => false, isWaived: () => false });

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'] });
  Object.assign(asked, { pods: [], problem: 'connect ECONNREFUSED' });
});
afterEach(() => vi.useRealTimers());

describe('a proxy that cannot be read', () => {
  /** Seconds of a minute and a half, polled once a second, at which it is asked. */
  const askedAtSeconds = async (at: (second: number) => MeshedPod): Promise<number[]> => {
    const look = cache();
    const seconds: number[] = [];
    for (let second = 0; second <= 90; second += 1) {
      const before = asked.pods.length;
      expect(await look([at(second)])).toHaveLength(1);
      if (asked.pods.length > before) seconds.push(second);
      vi.advanceTimersByTime(1000);
    }
    return seconds;
  };

  it('is asked again after two seconds, then after twice as many, up to thirty', async () => {
    expect(await askedAtSeconds(() => pod())).toEqual([0, 2, 6, 14, 30, 60, 90]);
  });
  it('is asked as soon as its pod is ready', async () => {
    expect(await askedAtSeconds((second) => pod({ ready: second >= 20 }))).toEqual([0, 2, 6, 14, 20, 50, 80]);
  });
  it('is asked as soon as its container is started again', async () => {
    const restarted = new Date('2026-01-01T00:10:00Z');
    const at = (second: number) => pod(second >= 20 ? { startedAt: restarted } : {});
    expect((await askedAtSeconds(at)).slice(0, 5)).toEqual([0, 2, 6, 14, 20]);
  });
  it('is asked as soon as it has an address', async () => {
    const { address: _, ...without } = pod();
    const at = (second: number) => (second >= 3 ? pod() : without);
    expect((await askedAtSeconds(at)).slice(0, 3)).toEqual([0, 2, 3]);
  });
});

it('a proxy that met the requirement is not asked again', async () => {
  asked.problem = undefined;
  const look = cache();
  for (let times = 0; times < 5; times += 1) {
    await look([pod({ ready: times > 2 })]);
    vi.advanceTimersByTime(60_000);
  }
  expect(asked.pods).toEqual(['u1']);
});
