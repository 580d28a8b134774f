import { describe, expect, it } from 'vitest';
import { lostProxies, rotationOf } from '../../../src/rotation/lost-proxies.js';
import { proxy } from './support.js';

const workload = {
  ...{ namespace: 'shop', kind: 'Deployment', name: 'web', mark: 'abc-trust', rolledOut: true, wanted: 3 },
  replacement: 'rollout' as const,
};
const of = (name: string) => proxy({ workload: { namespace: 'shop', kind: 'Deployment', name } });

describe('a workload that came back from its rollout', () => {
  it('with fewer proxies than pods has lost some', () => {
    expect(lostProxies([workload], [of('web'), of('web'), of('api')], 'abc')).toMatchObject([
      {
        reason: 'ProxyLost',
        message: '1 of its 3 pods came back without a proxy',
        subject: { name: 'shop/Deployment/web' },
      },
    ]);
    expect(lostProxies([workload], [], 'abc')).toHaveLength(1);
  });
  it('has lost none where all are there, it still rolls, is unmeshed on purpose, or was not rolled by this rotation', () => {
    const proxies = [of('web'), of('web')];
    expect(lostProxies([workload], [...proxies, of('web')], 'abc')).toEqual([]);
    for (const change of [{ rolledOut: false }, { unmeshed: true as const }, { mark: 'other-trust' }]) {
      expect(lostProxies([{ ...workload, ...change }], proxies, 'abc')).toEqual([]);
    }
  });
  it('does not count a pod of another object of its name', () => {
    const ofUid = (uid: string) => proxy({ workload: { namespace: 'shop', kind: 'Deployment', name: 'web', uid } });
    const pods = [ofUid('u'), ofUid('u'), ofUid('another')];
    expect(lostProxies([{ ...workload, uid: 'u' }], pods, 'abc')).toHaveLength(1);
    expect(lostProxies([{ ...workload, uid: 'u' }], [...pods, ofUid('u')], 'abc')).toEqual([]);
  });
  it('does not count a pod that is being deleted', () => {
    expect(lostProxies([workload], [of('web'), of('web'), { ...of('web'), terminating: true }], 'abc')).toHaveLength(1);
  });
});

it('a rotation is the same on both ways', () =>
  expect([rotationOf('abc'), rotationOf('abc-back')]).toEqual(['abc', 'abc']));
