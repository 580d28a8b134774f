import { describe, expect, it } from 'vitest';
import { workloadName } from '../../../../src/ground/mesh.js';
import { readMeshedPod } from '../../../../src/linkerd/proxies/pods.js';
import { isWaived } from '../../../../src/rotation/findings.js';
import { UNFIT } from '../../hostile.js';

describe('a meshed pod', () => {
  const spec = { containers: [{ name: 'linkerd-proxy' }] };
  it('says when it was made, and when it should be gone', () => {
    const creationTimestamp = new Date('2026-01-01T00:00:00Z');
    expect(readMeshedPod({ metadata: { name: 'web-1', creationTimestamp }, spec })).toMatchObject({
      terminating: false,
      createdAt: '2026-01-01T00:00:00.000Z',
    });
    const deletionTimestamp = new Date('2026-01-01T01:00:00Z');
    expect(readMeshedPod({ metadata: { name: 'web-1', deletionTimestamp }, spec })).toMatchObject({
      terminating: true,
      deletedAt: '2026-01-01T01:00:00.000Z',
    });
  });
});

describe('what a tenant may have written into a pod', () => {
  const spec = { containers: [{ name: 'linkerd-proxy' }] };
  const owned = (owner: { kind: string; name: string }, labels: Record<string, string> = {}) =>
    readMeshedPod({
      metadata: {
        ...{ name: 'web-1', namespace: 'shop', labels },
        ownerReferences: [{ ...owner, apiVersion: 'v1', uid: 'u', controller: true }],
      },
      spec,
    })?.workload;

  it('is its owner where there can be such an object', () => {
    expect(owned({ kind: 'Deployment', name: 'web' })).toEqual({ namespace: 'shop', kind: 'Deployment', name: 'web' });
    expect(owned({ kind: 'Foo2', name: 'web.v1' })).toEqual({ namespace: 'shop', kind: 'Foo2', name: 'web.v1' });
  });
  it.each([
    ['a kind with a name in it, that a waiver of that name would cover', { kind: 'Deployment/web', name: 'x' }],
    ['a name with another in it', { kind: 'Deployment', name: 'web/x' }],
    ['escape sequences', { kind: 'Deployment', name: '\u001B[2Jweb' }],
    ['a link', { kind: '[approve](https://evil.example)', name: 'web' }],
    ['a kind of many lines', { kind: 'Job\n## done', name: 'web' }],
    ['a name of 1.5 MB', { kind: 'Deployment', name: 'x'.repeat(1_500_000) }],
    ['a kind of 1.5 MB', { kind: 'X'.repeat(1_500_000), name: 'web' }],
  ])('is no owner with %s: the pod stands for itself', (_what, owner) => {
    const workload = owned(owner);
    expect(workload).toEqual({ namespace: 'shop', kind: 'Pod', name: 'web-1' });
    const waivers = [{ subject: 'shop/Deployment/web', reason: 'r' }];
    expect(
      isWaived({ kind: 'workload', name: workloadName(workload ?? { namespace: '', kind: '', name: '' }) }, waivers),
    ).toBe(false);
  });
  it('is no owner by a label whose value no object can have', () => {
    const rs = { kind: 'ReplicaSet', name: 'web-1' };
    expect(owned(rs, { 'linkerd.io/proxy-deployment': 'web' })?.kind).toBe('Deployment');
    expect(owned(rs, { 'linkerd.io/proxy-deployment': 'Web_1' })).toEqual({ namespace: 'shop', ...rs });
  });
  it('comes in as plain text of bounded length', () => {
    const said = '\u001B[2J\n# Done \u202E'.repeat(1000);
    const pod = readMeshedPod({
      metadata: { name: 'web-1', namespace: 'shop', annotations: { 'reroot.dev/rolled-for': said } },
      spec: {
        containers: [{ name: 'linkerd-proxy', env: [{ name: 'LINKERD2_PROXY_IDENTITY_LOCAL_NAME', value: said }] }],
      },
      status: { conditions: [{ type: 'PodScheduled', status: 'False', message: said }] },
    });
    for (const text of [pod?.pendingBecause, pod?.mark, pod?.identity]) {
      expect(text).not.toMatch(UNFIT);
      expect(text).not.toContain('\n');
      expect(text?.length).toBeLessThanOrEqual(253);
      expect(text).toContain('# Done');
    }
  });
});
