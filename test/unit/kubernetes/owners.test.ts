import type { V1ObjectMeta } from '@kubernetes/client-node';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import type { Kubernetes } from '../../../src/kubernetes/client.js';
import { KubernetesError } from '../../../src/kubernetes/errors.js';
import { ownersOfReplicaSets } from '../../../src/kubernetes/owners.js';

const owned = (namespace: string, uid: string, controller?: [kind: string, name: string]): V1ObjectMeta => ({
  namespace,
  uid,
  name: `name-of-${uid}`,
  ...(controller && {
    ownerReferences: [
      { apiVersion: 'v1', kind: 'Other', name: 'other', uid: 'o' },
      { apiVersion: 'apps/v1', controller: true, kind: controller[0], name: controller[1], uid: `of-${uid}` },
    ],
  }),
});

/** An API server with these ReplicaSets, and what it was asked: a namespace, or all. */
function serving(...sets: V1ObjectMeta[]) {
  const asked: string[] = [];
  const failures: Error[] = [];
  const list = async ({ namespace }: { namespace?: string }) => {
    asked.push(namespace ?? 'all');
    const failure = failures.pop();
    if (failure) throw failure;
    const items = sets.filter((metadata) => namespace === undefined || metadata.namespace === namespace);
    return await Promise.resolve({ items: items.map((metadata) => ({ metadata })) });
  };
  const apps = { listReplicaSetForAllNamespaces: list, listNamespacedReplicaSet: list };
  const k8s = { apps } as unknown as Kubernetes;
  const ask = async (...claims: [namespace: string, uid: string][]) =>
    Object.fromEntries(
      [
        ...(await ownersOfReplicaSets(
          k8s,
          claims.map(([namespace, uid]) => ({ namespace, uid })),
        )),
      ].map(([key, { kind, name }]) => [key, `${kind}/${name}`]),
    );
  return { ask, asked, failures };
}

describe('the owner of a ReplicaSet', () => {
  beforeEach(() => vi.useRealTimers());

  it('is its controller, or itself under its own name where it has none', async () => {
    const { ask } = serving(owned('shop', 'a', ['Deployment', 'web']), owned('shop', 'b'));
    expect(await ask(['shop', 'a'], ['shop', 'b'])).toEqual({
      'shop/a': 'Deployment/web',
      'shop/b': 'ReplicaSet/name-of-b',
    });
  });
  it('is the ReplicaSet itself where an operator owns it, which does not roll it as a Deployment does', async () => {
    const { ask } = serving(owned('shop', 'a', ['VMCluster', 'main']));
    expect(await ask(['shop', 'a'])).toEqual({ 'shop/a': 'ReplicaSet/name-of-a' });
  });
  it('is nobody where its namespace has no ReplicaSet of this uid, though another has', async () => {
    const { ask } = serving(owned('shop', 'a', ['Deployment', 'web']));
    expect(await ask(['shop', 'made-up'], ['payments', 'a'])).toEqual({});
    expect(await ask(['shop', 'a'])).toEqual({ 'shop/a': 'Deployment/web' });
    expect(await ask(['payments', 'a'])).toEqual({});
  });
  it('is asked for once, and after that only for new ones, in their namespace', async () => {
    const { ask, asked } = serving(owned('shop', 'a'), owned('shop', 'b'), owned('payments', 'c'));
    await ask(['shop', 'a'], ['shop', 'made-up']);
    await ask(['shop', 'a'], ['shop', 'made-up']);
    expect(asked).toEqual(['shop']);
    expect(Object.keys(await ask(['shop', 'a'], ['payments', 'c']))).toEqual(['shop/a', 'payments/c']);
    expect(asked).toEqual(['shop', 'payments']);
  });
  it('is asked for in one list where many namespaces have new ones', async () => {
    const many = Array.from({ length: 9 }, (_, index) => `n${index}`);
    const { ask, asked } = serving(...many.map((namespace) => owned(namespace, 'a')));
    expect(Object.keys(await ask(...many.map((namespace): [string, string] => [namespace, 'a'])))).toHaveLength(9);
    expect(asked).toEqual(['all']);
  });
  it('is asked for again after some minutes: it may have been left and taken by another', async () => {
    vi.useFakeTimers();
    const { ask, asked } = serving(owned('shop', 'a'));
    await ask(['shop', 'a']);
    vi.advanceTimersByTime(600_000);
    await ask(['shop', 'a']);
    expect(asked).toEqual(['shop', 'shop']);
  });
  it('is not remembered from a list that failed', async () => {
    const { ask, failures } = serving(owned('shop', 'a'));
    failures.push(new KubernetesError({ kind: 'Unavailable', request: 'list', message: 'away' }));
    await expect(ask(['shop', 'a'])).rejects.toThrow('away');
    expect(await ask(['shop', 'a'])).toEqual({ 'shop/a': 'ReplicaSet/name-of-a' });
  });
});
