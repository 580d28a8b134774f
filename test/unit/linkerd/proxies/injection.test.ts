import { describe, expect, it } from 'vitest';
import type { CoreV1Api, V1Pod } from '@kubernetes/client-node';
import { KubernetesError, type KubernetesErrorKind } from '../../../../src/kubernetes/errors.js';
import { rehearseInjection } from '../../../../src/linkerd/proxies/injection.js';
import { authority } from '../../support.js';

const { root } = authority();
const INJECTED: V1Pod = {
  spec: {
    containers: [
      {
        name: 'linkerd-proxy',
        env: [{ name: 'LINKERD2_PROXY_IDENTITY_TRUST_ANCHORS', value: root.certificate.pem }],
      },
    ],
  },
};

/** An API server that answers a new pod by its namespace. */
function serverWith(answers: Record<string, V1Pod | [KubernetesErrorKind, string]>, leftOut: string[] = []) {
  const asked: string[] = [];
  const createNamespacedPod = ({ namespace }: { namespace: string }) => {
    asked.push(namespace);
    const answer = answers[namespace] ?? ['NotFound', `namespaces "${namespace}" not found`];
    if (!Array.isArray(answer)) return Promise.resolve(answer);
    const [kind, message] = answer;
    return Promise.reject(new KubernetesError({ kind, request: `createNamespacedPod ${namespace}`, message }));
  };
  const listNamespace = ({ fieldSelector }: { fieldSelector: string }) =>
    Promise.resolve({ items: leftOut.filter((name) => fieldSelector === `metadata.name=${name}`) });
  return { k8s: { core: { createNamespacedPod, listNamespace } as unknown as CoreV1Api }, asked };
}

const refusingAll = (namespaces: string[]): Record<string, [KubernetesErrorKind, string]> =>
  Object.fromEntries(namespaces.map((name) => [name, ['Forbidden', 'exceeded quota']]));

const TERMINATING: [KubernetesErrorKind, string] = [
  'Forbidden',
  'pods "reroot-rehearsal-1" is forbidden: unable to create new content in namespace old because it is being terminated',
];

const SKIPPED: V1Pod = { spec: { containers: [{ name: 'app' }] } };
const NO_RIGHT: [KubernetesErrorKind, string] = ['Forbidden', 'cannot create resource "pods" in the namespace "shop"'];

describe("a rehearsal in reroot's own namespace", () => {
  const own = 'reroot-rehearsal';

  it('asks no other', async () => {
    const { k8s, asked } = serverWith({ [own]: INJECTED, shop: NO_RIGHT });
    expect(await rehearseInjection(k8s, ['shop'])).toEqual({
      namespace: own,
      anchors: [root.certificate.fingerprint],
    });
    expect(asked).toEqual([own]);
  });
  it.each([
    ['the webhook does not select', SKIPPED],
    ['takes no pod', ['Forbidden', 'violates PodSecurity'] as [KubernetesErrorKind, string]],
  ])('that %s asks others, if it may', async (_what, answer) => {
    const { k8s } = serverWith({ [own]: answer, shop: INJECTED });
    expect(await rehearseInjection(k8s, ['shop'])).toMatchObject({ namespace: 'shop', anchors: expect.anything() });
    const failing = serverWith({ [own]: answer, shop: SKIPPED });
    expect(await rehearseInjection(failing.k8s, ['shop'])).toMatchObject({ namespace: 'shop' });
  });
  it('says what is wrong there when others may not be asked', async () => {
    const { k8s } = serverWith({ [own]: SKIPPED, shop: NO_RIGHT, default: NO_RIGHT });
    expect(await rehearseInjection(k8s, ['shop'])).toMatchObject({
      namespace: own,
      problem: expect.stringContaining('without a proxy') as string,
    });
  });
});

describe('a rehearsal of the injection where there is no namespace for it', () => {
  it.each([
    ['was deleted meanwhile', {}],
    ['is being deleted', { preview: TERMINATING }],
    ['takes no pod at all', { preview: ['Forbidden', 'exceeded quota'] as [KubernetesErrorKind, string] }],
  ])('goes on with the next namespace when one %s', async (_what, answers) => {
    const { k8s, asked } = serverWith({ ...answers, shop: INJECTED });
    expect(await rehearseInjection(k8s, ['preview', 'shop'])).toEqual({
      namespace: 'shop',
      anchors: [root.certificate.fingerprint],
    });
    expect(asked).toEqual(['reroot-rehearsal', 'preview', 'shop']);
  });
  it('passes over any number of namespaces that are gone', async () => {
    const gone = Array.from({ length: 9 }, (_, index) => `preview-${index}`);
    expect(await rehearseInjection(serverWith({ shop: INJECTED }).k8s, [...gone, 'shop'])).toMatchObject({
      namespace: 'shop',
    });
  });
  it('is held in the default namespace when all others are gone', async () => {
    expect(await rehearseInjection(serverWith({ default: INJECTED }).k8s, ['a', 'b'])).toMatchObject({
      namespace: 'default',
      anchors: [root.certificate.fingerprint],
    });
  });
  it('says what the namespaces say that take no pod at all', async () => {
    const { k8s, asked } = serverWith({ shop: ['Forbidden', 'exceeded quota'] });
    const rehearsal = await rehearseInjection(k8s, ['gone', 'shop']);
    expect(rehearsal).toMatchObject({
      namespace: 'shop',
      problem: expect.stringContaining('exceeded quota') as string,
    });
    expect(asked).toEqual(['reroot-rehearsal', 'gone', 'shop', 'default']);
  });
  it.each([5, 100])('is not decided by %i namespaces that take no pod, whatever they are called', async (count) => {
    const mine = Array.from({ length: count }, (_, index) => `a-tenant-${index}`);
    const refusing = refusingAll(mine);
    const { k8s, asked } = serverWith({ ...refusing, default: INJECTED });
    expect(await rehearseInjection(k8s, mine)).toMatchObject({ namespace: 'default', anchors: [expect.any(String)] });
    expect(asked.length).toBeLessThanOrEqual(22);
  });
  it('finds one of others among many that refuse', async () => {
    const names = (prefix: string) => Array.from({ length: 100 }, (_, index) => `${prefix}-${index}`);
    const refusing = refusingAll(names('a'));
    const others = Object.fromEntries(names('z').map((name) => [name, INJECTED]));
    const { k8s } = serverWith({ ...refusing, ...others }); // a chance of one in a million to ask 20 of the first
    expect(await rehearseInjection(k8s, [...names('a'), ...names('z')])).toMatchObject({
      namespace: expect.stringContaining('z-') as string,
    });
  });
  it('goes on with the next namespace when the webhook leaves one out', async () => {
    const { k8s, asked } = serverWith({ legacy: { spec: { containers: [] } }, shop: INJECTED }, ['legacy']);
    expect(await rehearseInjection(k8s, ['legacy', 'shop'])).toMatchObject({ namespace: 'shop' });
    expect(asked).toEqual(['reroot-rehearsal', 'legacy', 'shop']);
  });
  it('says when the webhook did not answer, and when it skipped the pod', async () => {
    const failing = serverWith({ shop: ['Unavailable', 'failed calling webhook "linkerd-proxy-injector.linkerd.io"'] });
    expect(await rehearseInjection(failing.k8s, ['shop'])).toMatchObject({
      problem: expect.stringContaining('webhook') as string,
    });
    const skipping = serverWith({ shop: SKIPPED });
    expect(await rehearseInjection(skipping.k8s, ['shop'])).toMatchObject({
      problem: expect.stringContaining('without a proxy') as string,
    });
  });
  it('does not take a busy API server for a broken injector', async () => {
    const { k8s } = serverWith({ shop: ['Unavailable', 'etcdserver: leader changed'] });
    await expect(rehearseInjection(k8s, ['shop'])).rejects.toThrow('leader changed');
  });
});
