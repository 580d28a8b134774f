import { describe, expect, it } from 'vitest';
import {
  daemonSetSpeed,
  deploymentSpeed,
  evictionSpeed,
  statefulSetSpeed,
} from '../../../src/kubernetes/rollout-speed.js';

const PODS = { minReadyMs: 0, graceMs: 30_000 };

describe('how a Deployment replaces its pods', () => {
  it.each<[string, object, object]>([
    ['a quarter more and a quarter less, by default', { replicas: 8 }, { atOnce: 4, oldGoesFirst: false }],
    ['one beside the old one, when it has one', {}, { atOnce: 1, oldGoesFirst: false }],
    [
      'without a surge',
      { replicas: 10, strategy: { rollingUpdate: { maxSurge: 0, maxUnavailable: '30%' } } },
      { atOnce: 3, oldGoesFirst: true },
    ],
    [
      'with numbers',
      { replicas: 10, strategy: { rollingUpdate: { maxSurge: 2, maxUnavailable: 1 } } },
      { atOnce: 3, oldGoesFirst: false },
    ],
    ['all at once', { replicas: 5, strategy: { type: 'Recreate' } }, { atOnce: 5, oldGoesFirst: true }],
  ])('%s', (_what, spec, speed) => expect(deploymentSpeed({ spec } as never)).toEqual({ ...PODS, ...speed }));
  it('waits until a pod has been ready for so long, and for the grace of the old one', () => {
    const spec = { minReadySeconds: 20, template: { spec: { terminationGracePeriodSeconds: 5 } } };
    expect(deploymentSpeed({ spec } as never)).toMatchObject({ minReadyMs: 20_000, graceMs: 5000 });
  });
});

describe('how others do', () => {
  it('a StatefulSet: one after the other', () => {
    expect(statefulSetSpeed({ spec: { replicas: 9 } } as never)).toEqual({ ...PODS, atOnce: 1, oldGoesFirst: true });
  });
  it.each([
    ['one node after the other', {}, { atOnce: 1, oldGoesFirst: true }],
    ['over a part of the nodes', { rollingUpdate: { maxUnavailable: '10%' } }, { atOnce: 3, oldGoesFirst: true }],
    ['beside the old pods', { rollingUpdate: { maxSurge: 2, maxUnavailable: 0 } }, { atOnce: 2, oldGoesFirst: false }],
  ])('a DaemonSet: %s', (_what, updateStrategy, speed) => {
    const status = { desiredNumberScheduled: 30 };
    expect(daemonSetSpeed({ spec: { updateStrategy }, status } as never)).toEqual({ ...PODS, ...speed });
  });
  it('evicted pods: one at a time', () => {
    expect(evictionSpeed({})).toMatchObject({ atOnce: 1, oldGoesFirst: true });
  });
});
