import type { V1Deployment } from '@kubernetes/client-node';
import { describe, expect, it } from 'vitest';
import type { Kubernetes } from '../../../src/kubernetes/client.js';
import { KubernetesError } from '../../../src/kubernetes/errors.js';
import { detectLinkerd } from '../../../src/linkerd/detect.js';

/** What the API server holds of a Linkerd of layout D; a case changes what it is about. */
interface Cluster {
  /** Namespaces with Linkerd's label: whoever may label a namespace can have it. */
  labelled: string[];
  /** Where the injector's webhook sends new pods; absent: there is no such webhook. */
  injector?: string | undefined;
  /** Namespaces with an identity Deployment, by its label. */
  withIdentity: string[];
  identity?: V1Deployment | undefined;
  configMaps: Record<string, Record<string, string>>;
}

const identity = (args: string[] = [], annotations: Record<string, string> = {}): V1Deployment => ({
  metadata: { namespace: 'linkerd', labels: { 'app.kubernetes.io/version': 'edge-26.6.3' }, annotations },
  spec: {
    replicas: 3,
    selector: {},
    template: {
      spec: {
        containers: [{ name: 'identity', args }],
        volumes: [{ name: 'roots', configMap: { name: 'linkerd-identity-trust-roots' } }],
      },
    },
  },
});

const CLUSTER: Cluster = {
  labelled: ['linkerd'],
  injector: 'linkerd',
  withIdentity: ['linkerd'],
  identity: identity(),
  configMaps: {
    'linkerd-identity-trust-roots': { 'ca-bundle.crt': 'PEM' },
    'linkerd-config': { values: 'identityTrustAnchorsPEM: PEM\n' },
  },
};

async function found<T>(value: T | undefined): Promise<T> {
  if (value === undefined) throw new KubernetesError({ kind: 'NotFound', request: 'read', message: 'not found' });
  return await Promise.resolve(value);
}

/** As Linkerd's charts make it; `url of mesh`: as a development setup may have it. */
function webhookOf(injector: string) {
  const namespace = injector.replace('url of ', '');
  const byUrl = namespace !== injector;
  return {
    metadata: { labels: { 'linkerd.io/control-plane-ns': namespace } },
    webhooks: [{ clientConfig: byUrl ? { url: 'https://injector' } : { service: { namespace, name: 'injector' } } }],
  };
}

const FORBIDDEN = new KubernetesError({ kind: 'Forbidden', request: 'list', message: 'forbidden' });

async function detect(change: Partial<Cluster> = {}, wanted?: string, webhookFailure?: KubernetesError) {
  const cluster = { ...CLUSTER, ...change };
  const named = (names: string[]) => ({ items: names.map((name) => ({ metadata: { name, namespace: name } })) });
  const k8s = {
    core: {
      listNamespace: async () => await found(named(cluster.labelled)),
      readNamespacedConfigMap: async ({ name }: { name: string }) =>
        await found(cluster.configMaps[name] && { data: cluster.configMaps[name] }),
    },
    admission: {
      listMutatingWebhookConfiguration: async () => {
        if (webhookFailure) throw webhookFailure;
        return await found({ items: cluster.injector === undefined ? [] : [webhookOf(cluster.injector)] });
      },
    },
    apps: {
      listDeploymentForAllNamespaces: async () =>
        await found({
          items: cluster.withIdentity.map((where) => {
            const [namespace = '', name = 'linkerd-identity'] = where.split('/');
            return { metadata: { namespace, name } };
          }),
        }),
      readNamespacedDeployment: async () => await found(cluster.identity),
    },
  };
  return await detectLinkerd(k8s as unknown as Kubernetes, wanted);
}

describe('detectLinkerd', () => {
  it('finds the control plane, its layout and what its leaves are like', async () => {
    expect(await detect()).toMatchObject({
      namespace: 'linkerd',
      version: 'edge-26.6.3',
      layout: { id: 'D' },
      scheme: 'linkerd.io/tls',
      trustDomain: 'cluster.local',
      leafLifeMs: 86_420_000, // a day, and the clock skew that identity allows
      installedBy: 'unknown',
      identityReplicas: 3,
    });
  });

  it('believes the arguments of the identity process', async () => {
    const args = [
      '-identity-scheme=kubernetes.io/tls',
      '-identity-trust-domain=example.org',
      '-identity-issuance-lifetime=1h',
    ];
    const linkerd = await detect({ identity: identity(args, { 'linkerd.io/created-by': 'linkerd/helm 2' }) });
    expect(linkerd).toMatchObject({
      scheme: 'kubernetes.io/tls',
      trustDomain: 'example.org',
      leafLifeMs: 3_620_000,
      installedBy: 'helm',
    });
    expect(linkerd.anchors.at(-1)).toMatchObject({ kind: 'Secret', key: 'ca.crt' });
  });

  it('finds a control plane without the usual label by the webhook of its injector', async () => {
    expect(await detect({ labelled: [], injector: 'mesh' })).toMatchObject({ namespace: 'mesh' });
  });

  it('finds it by the label of that webhook where it is reached by a URL', async () => {
    expect(await detect({ labelled: ['payments'], injector: 'url of mesh' })).toMatchObject({ namespace: 'mesh' });
  });

  it.each<[string, Partial<Cluster>]>([
    ['a namespace that a tenant has labelled beside it', { labelled: ['payments', 'linkerd'] }],
    ['the only label being a tenant’s', { labelled: ['payments'] }],
    ['an identity Deployment that a tenant has made', { withIdentity: ['linkerd', 'payments'] }],
    ['both', { labelled: ['payments'], withIdentity: ['linkerd', 'payments'] }],
  ])('is not misled by %s', async (_what, change) => {
    expect(await detect(change)).toMatchObject({ namespace: 'linkerd' });
  });

  it.each<[string, Partial<Cluster>]>([
    ['by its identity Deployment', { withIdentity: ['mesh'] }],
    ['by that alone, whatever a tenant has labelled', { labelled: ['payments'], withIdentity: ['mesh'] }],
    ['and not by a Deployment of another name', { withIdentity: ['mesh', 'payments/web'] }],
  ])('finds a control plane whose webhook is gone %s', async (_what, change) => {
    const where = { ...change, injector: undefined };
    expect(await detect(where)).toMatchObject({ namespace: 'mesh' });
    expect(await detect({ ...where, injector: 'not to be read' }, undefined, FORBIDDEN)).toMatchObject({
      namespace: 'mesh',
    });
  });

  it.each<[string, Partial<Cluster>, string, string]>([
    [
      'no control plane',
      { labelled: [], withIdentity: [], injector: undefined },
      'LinkerdNotFound',
      'linkerdNamespace',
    ],
    [
      'several, where no webhook says which',
      { withIdentity: ['linkerd', 'linkerd2'], injector: undefined },
      'SeveralControlPlanes',
      'linkerdNamespace',
    ],
    [
      'a namespace with the label, and no identity in any',
      { identity: undefined, withIdentity: [], injector: undefined },
      'IdentityNotFound',
      'linkerdNamespace',
    ],
    ['a namespace without identity', { identity: undefined }, 'IdentityNotFound', 'linkerdNamespace'],
    [
      'an identity process that reads its anchors from nowhere known',
      { identity: { spec: { selector: {}, template: { spec: { containers: [{ name: 'identity' }] } } } } },
      'UnknownLayout',
      'known: A',
    ],
    [
      'objects of another layout than the identity process reads: a half-done upgrade',
      { configMaps: { 'linkerd-config': { values: 'identityTrustAnchorsPEM: PEM\n' } } },
      'LayoutMismatch',
      'finish the upgrade',
    ],
    [
      'a scheme that it does not know',
      { identity: identity(['-identity-scheme=vault']) },
      'UnknownScheme',
      'kubernetes.io/tls',
    ],
  ])('refuses %s', async (_what, change, reason, hint) => {
    await expect(detect(change)).rejects.toMatchObject({
      name: 'DetectionError',
      reason,
      hint: expect.stringContaining(hint),
    });
  });

  it('is not confused by several when it is told which', async () => {
    expect(await detect({ labelled: ['linkerd', 'linkerd2'] }, 'linkerd2')).toMatchObject({ namespace: 'linkerd2' });
  });
});
