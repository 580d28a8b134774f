import { createHash } from 'node:crypto';
import { createIssuer, createRoot } from '../../../src/pki/issue.js';
import { toSec1Pem } from '../../../src/pki/key.js';
import { type Certificates, configData, overrides, SCHEMES } from './config.js';
import { type LinkerdVersion, VERSIONS } from './versions.js';

/**
 * The objects of an install of Linkerd that matter here: names, labels, env and volumes as its CLI or Helm chart renders
 * them; images and tuning are left out.
 */
export interface LinkerdOptions {
  linkerd: LinkerdVersion;
  /** Scheme of the issuer Secret: `linkerd.io/tls` or `kubernetes.io/tls`. */
  issuer: 'linkerd' | 'kubernetes';
  /** The root and an issuer below it; or one certificate that is both, as `linkerd install` makes it by default. */
  certificates: 'separate' | 'default';
  install: 'cli' | 'helm';
  identityReplicas: number;
  /** As Linkerd writes it, for example `24h0m0s`. */
  issuanceLifetime: string;
  /** Milliseconds that the root and the issuer live; default: a year. For meshes whose certificates expire. */
  rootLifeMs?: number;
  issuerLifeMs?: number;
  injector: { url: string; caBundle: string };
}

const NS = 'linkerd';
const DAY_MS = 86_400_000;

export interface KubernetesObject {
  apiVersion: string;
  kind: string;
  metadata: { name: string; namespace?: string; labels?: Record<string, string>; annotations?: Record<string, string> };
  [field: string]: unknown;
}

export function linkerdObjects(options: LinkerdOptions): KubernetesObject[] {
  const { release, layout, components } = VERSIONS[options.linkerd];
  const certificates = makeCertificates(options);
  const createdBy = { 'linkerd.io/created-by': `linkerd/${options.install} ${release}` };
  return [
    namespaceObject(),
    ...components.map((component) => ({
      apiVersion: 'v1',
      kind: 'ServiceAccount',
      metadata: named(`linkerd-${component}`, component),
    })),
    {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { ...named('linkerd-config', 'controller'), annotations: createdBy },
      data: configData(options, certificates),
    },
    ...(layout === 'D' ? [trustRoots(options, certificates, createdBy)] : []),
    issuerSecret(options, certificates, createdBy),
    ...(options.install === 'helm' ? [helmRelease()] : []),
    ...(options.install === 'cli' && layout !== 'A'
      ? [
          {
            apiVersion: 'v1',
            kind: 'Secret',
            metadata: {
              name: 'linkerd-config-overrides',
              namespace: NS,
              labels: { 'linkerd.io/control-plane-ns': NS },
            },
            stringData: { 'linkerd-config-overrides': overrides(options, certificates) },
          },
        ]
      : []),
    ...components.map((component) => controlPlane(component, options, certificates, createdBy)),
    webhook(options.injector),
  ];
}

function makeCertificates({ certificates, rootLifeMs, issuerLifeMs }: LinkerdOptions): Certificates {
  const name = (of: string) => `${of}.linkerd.cluster.local`;
  const root = createRoot({
    commonName: name(certificates === 'default' ? 'identity' : 'root'),
    validForMs: rootLifeMs ?? 365 * DAY_MS,
  });
  // an issuer may outlive its root: `step certificate create` does not mind
  const lasting = { ...root.certificate, notAfter: new Date(Date.now() + 365 * DAY_MS) };
  const issuer =
    certificates === 'default'
      ? root
      : createIssuer({
          root: lasting,
          rootKey: root.privateKey,
          commonName: name('identity'),
          validForMs: issuerLifeMs ?? 364 * DAY_MS,
        });
  return {
    anchors: root.certificate.pem,
    issuer: issuer.certificate.pem,
    issuerKey: toSec1Pem(issuer.privateKey),
  };
}

function namespaceObject(): KubernetesObject {
  return {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: {
      name: NS,
      annotations: { 'linkerd.io/inject': 'disabled' },
      labels: {
        'linkerd.io/is-control-plane': 'true',
        'config.linkerd.io/admission-webhooks': 'disabled',
        'linkerd.io/control-plane-ns': NS,
      },
    },
  };
}

function trustRoots(
  { install, linkerd }: LinkerdOptions,
  { anchors }: Certificates,
  annotations: Record<string, string>,
): KubernetesObject {
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { ...named('linkerd-identity-trust-roots', 'identity'), annotations },
    data: { 'ca-bundle.crt': install === 'helm' || linkerd === '2.11' ? anchors : anchors.trimEnd() },
  };
}

function issuerSecret(
  { issuer: scheme }: LinkerdOptions,
  { anchors, issuer, issuerKey }: Certificates,
  annotations: Record<string, string>,
): KubernetesObject {
  const metadata = { ...named('linkerd-identity-issuer', 'identity'), annotations };
  return scheme === 'linkerd'
    ? { apiVersion: 'v1', kind: 'Secret', metadata, stringData: { 'crt.pem': issuer, 'key.pem': issuerKey } }
    : {
        apiVersion: 'v1',
        kind: 'Secret',
        type: 'kubernetes.io/tls',
        metadata,
        stringData: { 'tls.crt': issuer, 'tls.key': issuerKey, 'ca.crt': anchors },
      };
}

function helmRelease(): KubernetesObject {
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    type: 'helm.sh/release.v1',
    metadata: {
      name: 'sh.helm.release.v1.linkerd-control-plane.v1',
      namespace: NS,
      labels: { owner: 'helm', name: 'linkerd-control-plane', status: 'deployed', version: '1' },
    },
  };
}

function named(name: string, component: string) {
  return {
    name,
    namespace: NS,
    labels: { 'linkerd.io/control-plane-component': component, 'linkerd.io/control-plane-ns': NS },
  };
}

/** The container beside the proxy. Identity's says where its anchors and its issuer come from. */
function mainContainer(component: string, options: LinkerdOptions, { anchors }: Certificates) {
  const { layout } = VERSIONS[options.linkerd];
  const container = { name: component, image: 'cr.l5d.io/linkerd/controller', args: [component] };
  if (component !== 'identity') return container;
  const encoded = Buffer.from(anchors).toString('base64');
  const config = { mountPath: '/var/run/linkerd/config', name: 'config' };
  const issuer = { mountPath: '/var/run/linkerd/identity/issuer', name: 'identity-issuer' };
  const roots = { mountPath: '/var/run/linkerd/identity/trust-roots/', name: 'trust-roots' };
  if (layout === 'A') return { ...container, args: ['identity', '-log-level=info'], volumeMounts: [config, issuer] };
  return {
    ...container,
    args: [
      'identity',
      '-controller-namespace=linkerd',
      '-identity-trust-domain=cluster.local',
      `-identity-issuance-lifetime=${options.issuanceLifetime}`,
      '-identity-clock-skew-allowance=20s',
      ...(layout === 'B' ? [`-identity-trust-anchors-pem=${encoded}`] : []),
      `-identity-scheme=${SCHEMES[options.issuer]}`,
    ],
    ...(layout === 'C' ? { env: [{ name: 'LINKERD2_IDENTITY_TRUST_ANCHORS', value: encoded }] } : {}),
    volumeMounts: [issuer, ...(layout === 'D' ? [roots] : [])],
  };
}

function volumes(component: string, { linkerd }: LinkerdOptions) {
  const { layout } = VERSIONS[linkerd];
  const identity = component === 'identity';
  return [
    ...(!identity || layout === 'A' ? [{ name: 'config', configMap: { name: 'linkerd-config' } }] : []),
    ...(layout === 'D' ? [{ name: 'trust-roots', configMap: { name: 'linkerd-identity-trust-roots' } }] : []),
    ...(identity ? [{ name: 'identity-issuer', secret: { secretName: 'linkerd-identity-issuer' } }] : []),
    { name: 'linkerd-identity-end-entity', emptyDir: { medium: 'Memory' } },
  ];
}

function controlPlane(
  component: string,
  options: LinkerdOptions,
  certificates: Certificates,
  createdBy: Record<string, string>,
): KubernetesObject {
  const { release, nativeSidecar, rootHash } = VERSIONS[options.linkerd];
  const name = `linkerd-${component}`;
  const selector = { 'linkerd.io/control-plane-component': component, 'linkerd.io/control-plane-ns': NS };
  const hash = createHash('sha256').update(certificates.anchors).digest('hex');
  const sidecar = proxy(component, options, certificates);
  const container = mainContainer(component, options, certificates);
  const containers = nativeSidecar ? [container] : [container, sidecar];
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: {
      name,
      namespace: NS,
      annotations: createdBy,
      labels: {
        'app.kubernetes.io/name': component,
        'app.kubernetes.io/part-of': 'Linkerd',
        'app.kubernetes.io/version': release,
        ...selector,
      },
    },
    spec: {
      replicas: component === 'identity' ? options.identityReplicas : 1,
      selector: { matchLabels: selector },
      strategy: { rollingUpdate: { maxSurge: '25%', maxUnavailable: '25%' } },
      template: {
        metadata: {
          annotations: {
            ...createdBy,
            'linkerd.io/proxy-version': release,
            ...(rootHash ? { 'linkerd.io/trust-root-sha256': hash } : {}),
          },
          labels: { ...selector, 'linkerd.io/proxy-deployment': name },
        },
        spec: {
          serviceAccountName: name,
          containers,
          ...(nativeSidecar ? { initContainers: [{ ...sidecar, restartPolicy: 'Always' }] } : {}),
          volumes: volumes(component, options),
        },
      },
    },
  };
}

/** A literal up to 2.10, a reference to the ConfigMap since (charts/partials/templates/_proxy.tpl). */
function proxy(component: string, { linkerd }: LinkerdOptions, { anchors }: Certificates) {
  const identity = (name: string) => `linkerd-${name}.linkerd.serviceaccount.identity.linkerd.cluster.local`;
  const reference = { configMapKeyRef: { name: 'linkerd-identity-trust-roots', key: 'ca-bundle.crt' } };
  return {
    name: 'linkerd-proxy',
    image: 'cr.l5d.io/linkerd/proxy',
    ports: [
      { containerPort: 4143, name: 'linkerd-proxy' },
      { containerPort: 4191, name: 'linkerd-admin' },
    ],
    env: [
      { name: '_pod_name', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
      { name: '_pod_ns', valueFrom: { fieldRef: { fieldPath: 'metadata.namespace' } } },
      { name: 'LINKERD2_PROXY_ADMIN_LISTEN_ADDR', value: '0.0.0.0:4191' },
      {
        name: 'LINKERD2_PROXY_IDENTITY_TRUST_ANCHORS',
        ...(VERSIONS[linkerd].layout === 'D' ? { valueFrom: reference } : { value: anchors }),
      },
      { name: '_pod_sa', valueFrom: { fieldRef: { fieldPath: 'spec.serviceAccountName' } } },
      { name: '_l5d_ns', value: NS },
      { name: '_l5d_trustdomain', value: 'cluster.local' },
      {
        name: 'LINKERD2_PROXY_IDENTITY_SVC_ADDR',
        value:
          component === 'identity' ? 'localhost.:8080' : 'linkerd-identity-headless.linkerd.svc.cluster.local.:8080',
      },
      {
        name: 'LINKERD2_PROXY_IDENTITY_LOCAL_NAME',
        value: '$(_pod_sa).$(_pod_ns).serviceaccount.identity.$(_l5d_ns).$(_l5d_trustdomain)',
      },
      { name: 'LINKERD2_PROXY_IDENTITY_SVC_NAME', value: identity('identity') },
      { name: 'LINKERD2_PROXY_DESTINATION_SVC_NAME', value: identity('destination') },
    ],
  };
}

function webhook({ url, caBundle }: LinkerdOptions['injector']): KubernetesObject {
  return {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'MutatingWebhookConfiguration',
    metadata: {
      name: 'linkerd-proxy-injector-webhook-config',
      labels: { 'linkerd.io/control-plane-component': 'proxy-injector', 'linkerd.io/control-plane-ns': NS },
    },
    webhooks: [
      {
        name: 'linkerd-proxy-injector.linkerd.io',
        namespaceSelector: {
          matchExpressions: [
            { key: 'config.linkerd.io/admission-webhooks', operator: 'NotIn', values: ['disabled'] },
            { key: 'kubernetes.io/metadata.name', operator: 'NotIn', values: ['kube-system', 'cert-manager'] },
          ],
        },
        // a Service that selects pods on loopback addresses has no endpoints: the URL plays the Service
        clientConfig: { url: `${url}/`, caBundle },
        failurePolicy: 'Ignore',
        admissionReviewVersions: ['v1'],
        rules: [
          { operations: ['CREATE'], apiGroups: [''], apiVersions: ['v1'], resources: ['pods'], scope: 'Namespaced' },
        ],
        sideEffects: 'None',
        timeoutSeconds: 10,
      },
    ],
  };
}
