import { describe, expect, it } from 'vitest';
import type { AdmissionregistrationV1Api, CoreV1Api, V1MutatingWebhook, V1Pod } from '@kubernetes/client-node';
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

type Refusal = [KubernetesErrorKind, string];

interface Circumstances {
  /** Namespaces that the webhook's selector leaves out. */
  leftOut?: string[];
  webhook?: Partial<V1MutatingWebhook>;
  /** Meshed pods that run, by namespace. */
  running?: Record<string, V1Pod[]>;
  /** What a pod of the shape of one that runs is answered, by the namespace it is created in. */
  borrowed?: Record<string, V1Pod | Refusal>;
}

/** An API server that answers a new pod by its namespace. */
function serverWith(
  answers: Record<string, V1Pod | Refusal>,
  { leftOut = [], webhook = {}, running = {}, borrowed = {} }: Circumstances = {},
) {
  const asked: string[] = [];
  const bodies: V1Pod[] = [];
  const createNamespacedPod = ({ namespace, body }: { namespace: string; body: V1Pod }) => {
    const isPlain = body.spec?.containers[0]?.name === 'rehearsal';
    if (isPlain) asked.push(namespace);
    bodies.push(body);
    const answer = (isPlain ? answers : { ...answers, ...borrowed })[namespace] ?? [
      'NotFound',
      `namespaces "${namespace}" not found`,
    ];
    if (!Array.isArray(answer)) return Promise.resolve(answer);
    const [kind, message] = answer;
    return Promise.reject(new KubernetesError({ kind, request: `createNamespacedPod ${namespace}`, message }));
  };
  const selectors: unknown[] = [];
  const listNamespace = ({ fieldSelector, labelSelector }: { fieldSelector: string; labelSelector: string }) => {
    selectors.push(labelSelector);
    return Promise.resolve({ items: leftOut.some((name) => fieldSelector === `metadata.name=${name}`) ? [] : [{}] });
  };
  const listNamespacedPod = ({ namespace }: { namespace: string }) =>
    Promise.resolve({ items: running[namespace] ?? [] });
  const listMutatingWebhookConfiguration = () =>
    Promise.resolve({
      items: [
        {
          webhooks: [
            {
              name: 'linkerd-proxy-injector.linkerd.io',
              namespaceSelector: {
                matchExpressions: [
                  { key: 'config.linkerd.io/admission-webhooks', operator: 'NotIn', values: ['disabled'] },
                ],
              },
              ...webhook,
            },
          ],
        },
      ],
    });
  return {
    k8s: {
      core: { createNamespacedPod, listNamespace, listNamespacedPod } as unknown as CoreV1Api,
      admission: { listMutatingWebhookConfiguration } as unknown as AdmissionregistrationV1Api,
    },
    asked,
    bodies,
    selectors,
  };
}

const refusingAll = (namespaces: string[]): Record<string, Refusal> =>
  Object.fromEntries(namespaces.map((name) => [name, ['Forbidden', 'exceeded quota']]));

const TERMINATING: Refusal = [
  'Forbidden',
  'pods "reroot-rehearsal-1" is forbidden: unable to create new content in namespace old because it is being terminated',
];

const SKIPPED: V1Pod = { spec: { containers: [{ name: 'app' }] } };
const NO_RIGHT: Refusal = [
  'Forbidden',
  'pods is forbidden: User "system:serviceaccount:reroot:reroot" cannot create resource "pods" in API group "" in the namespace "shop"',
];

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
    ['takes no pod', ['Forbidden', 'violates PodSecurity'] as Refusal],
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
    ['takes no pod at all', { preview: ['Forbidden', 'exceeded quota'] as Refusal }],
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
      refused: expect.stringContaining('exceeded quota') as string,
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
    const { k8s, asked } = serverWith(
      { legacy: { spec: { containers: [] } }, shop: INJECTED },
      { leftOut: ['legacy'] },
    );
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

const POLICY: Refusal = [
  'Invalid',
  `pods "reroot-rehearsal-1" is forbidden: ValidatingAdmissionPolicy 'registry' with binding 'registry' denied request: images come from registry.corp`,
];
const webhookSays = (name: string, how: string): Refusal => ['Unavailable', `admission webhook "${name}" ${how}`];
const DENIED = 'denied the request: no such pods';
const INJECTOR = 'linkerd-proxy-injector.linkerd.io';

const running = (owner: string, image: string): V1Pod => ({
  metadata: { name: owner, ownerReferences: [{ apiVersion: 'apps/v1', kind: 'ReplicaSet', name: owner, uid: owner }] },
  spec: { containers: [{ name: 'app', image }, { name: 'linkerd-proxy' }] },
});

describe('where a plain pod is refused by what judges pods', () => {
  it('one of the shape of a meshed pod is tried', async () => {
    const { k8s, bodies } = serverWith(
      { shop: POLICY },
      { running: { shop: [running('web', 'registry.corp/web')] }, borrowed: { shop: INJECTED } },
    );
    expect(await rehearseInjection(k8s, ['shop'])).toEqual({
      namespace: 'shop',
      anchors: [root.certificate.fingerprint],
    });
    expect(bodies.at(-1)?.spec?.containers).toEqual([{ name: 'app', image: 'registry.corp/web' }]);
  });
  it("so is one in reroot's own namespace, of a pod of another", async () => {
    const { k8s, asked } = serverWith(
      { 'reroot-rehearsal': POLICY, shop: NO_RIGHT },
      { running: { shop: [running('web', 'registry.corp/web')] }, borrowed: { 'reroot-rehearsal': INJECTED } },
    );
    expect(await rehearseInjection(k8s, ['shop'])).toMatchObject({
      namespace: 'reroot-rehearsal',
      anchors: [expect.anything()],
    });
    expect(asked).toEqual(['reroot-rehearsal']);
  });
  it('an injector that gives such a pod no proxy is broken', async () => {
    const { k8s } = serverWith(
      { shop: POLICY },
      { running: { shop: [running('web', 'registry.corp/web')] }, borrowed: { shop: SKIPPED } },
    );
    expect(await rehearseInjection(k8s, ['shop'])).toMatchObject({
      problem: expect.stringContaining('without a proxy') as string,
    });
  });
  it("but a tenant's pods of a shape that is skipped decide nothing", async () => {
    const { k8s } = serverWith(
      { tenant: POLICY, shop: INJECTED },
      { running: { tenant: [running('web', 'registry.corp/web')] }, borrowed: { tenant: SKIPPED } },
    );
    expect(await rehearseInjection(k8s, ['tenant', 'shop'])).toMatchObject({ namespace: 'shop' });
  });
  it.each<[string, Refusal]>([
    ['a policy', POLICY],
    ['a quota', ['Forbidden', 'pods "reroot-rehearsal-1" is forbidden: exceeded quota: small']],
    [
      'a webhook that says 400',
      ['Invalid', 'admission webhook "kyverno.svc-fail" denied the request: label team is required'],
    ],
    ['a webhook that says 500', webhookSays('gatekeeper.sh', DENIED)],
    ['a webhook that is away', ['Unavailable', 'Internal error occurred: failed calling webhook "gatekeeper.sh": EOF']],
    ['a webhook that takes no dry runs', ['Invalid', 'admission webhook "audit.corp" does not support dry run']],
    ['its own form', ['Invalid', 'Pod "reroot-rehearsal-1" is invalid: spec.containers[0].image: Required value']],
  ])('%s ends the search in no namespace, and is no broken injector where it is everywhere', async (_what, answer) => {
    expect(await rehearseInjection(serverWith({ a: answer, shop: INJECTED }).k8s, ['a', 'shop'])).toMatchObject({
      namespace: 'shop',
    });
    const { k8s } = serverWith({ 'reroot-rehearsal': answer, a: answer, shop: NO_RIGHT });
    expect(await rehearseInjection(k8s, ['shop', 'a'])).toEqual({
      namespace: 'reroot-rehearsal',
      refused: expect.stringContaining(answer[1]) as string,
    });
  });
  it('an injector that takes no dry runs is not broken either, one that refuses everywhere is', async () => {
    const noDryRuns = serverWith({ shop: webhookSays(INJECTOR, 'does not support dry run') });
    expect(await rehearseInjection(noDryRuns.k8s, ['shop'])).toMatchObject({ refused: expect.anything() });
    const saysNo = webhookSays(INJECTOR, DENIED);
    expect(await rehearseInjection(serverWith({ a: saysNo, shop: saysNo }).k8s, ['a', 'shop'])).toMatchObject({
      problem: expect.stringContaining(DENIED) as string,
    });
    expect(await rehearseInjection(serverWith({ a: saysNo, shop: INJECTED }).k8s, ['a', 'shop'])).toMatchObject({
      namespace: 'shop',
    });
  });
  it('who is not known to the API server hears that', async () => {
    const { k8s } = serverWith({ shop: ['Unauthorized', 'Unauthorized'] });
    await expect(rehearseInjection(k8s, ['shop'])).rejects.toThrow('Unauthorized');
  });
});

describe("where the webhook's own rules leave a pod out", () => {
  it('the API server is asked by the selector of the webhook', async () => {
    const { k8s, selectors } = serverWith(
      { 'kube-system': SKIPPED, shop: INJECTED },
      {
        leftOut: ['kube-system'],
        webhook: {
          namespaceSelector: {
            matchLabels: { mesh: 'yes' },
            matchExpressions: [{ key: 'kubernetes.io/metadata.name', operator: 'NotIn', values: ['kube-system'] }],
          },
        },
      },
    );
    expect(await rehearseInjection(k8s, ['kube-system', 'shop'])).toMatchObject({ namespace: 'shop' });
    expect(selectors).toEqual(['mesh=yes,kubernetes.io/metadata.name notin (kube-system)']);
  });
  it('nothing is broken where it leaves out all that may be asked', async () => {
    const { k8s } = serverWith({ 'reroot-rehearsal': SKIPPED, shop: NO_RIGHT }, { leftOut: ['reroot-rehearsal'] });
    expect(await rehearseInjection(k8s, ['shop'])).toEqual({
      namespace: 'reroot-rehearsal',
      refused: "the injector's webhook leaves namespace reroot-rehearsal out",
    });
  });
  it('labels that a plain pod lacks are borrowed', async () => {
    const { k8s } = serverWith(
      { shop: SKIPPED },
      { running: { shop: [running('web', 'web')] }, borrowed: { shop: INJECTED } },
    );
    expect(await rehearseInjection(k8s, ['shop'])).toMatchObject({ namespace: 'shop', anchors: [expect.anything()] });
  });
  it('conditions that nobody here can judge are no proof of a broken injector', async () => {
    const matchConditions = [{ name: 'mine', expression: 'request.userInfo.username != "reroot"' }];
    const { k8s } = serverWith({ shop: SKIPPED }, { webhook: { matchConditions } });
    expect(await rehearseInjection(k8s, ['shop'])).toMatchObject({
      refused: expect.stringContaining('matchConditions') as string,
    });
  });
});
