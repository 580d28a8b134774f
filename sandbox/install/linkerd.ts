import { createIssuer, createRoot } from '../../src/pki/issue.js';
import { toSec1Pem } from '../../src/pki/key.js';
import { createHash } from 'node:crypto';

/**
 * The objects of `linkerd install` (CLI) of Linkerd 2.20 that matter here: names, labels, env and volumes as it renders
 * them; images and tuning are left out.
 */
export interface LinkerdOptions {
  identityReplicas: number;
  /** As Linkerd writes it, for example `24h0m0s`. */
  issuanceLifetime: string;
  injector: { url: string; caBundle: string };
}

export const LINKERD_VERSION = 'edge-26.6.3';
const NS = 'linkerd';
const CREATED_BY = { 'linkerd.io/created-by': `linkerd/cli ${LINKERD_VERSION}` };
const DAY_MS = 86_400_000;

export interface KubernetesObject {
  apiVersion: string;
  kind: string;
  metadata: { name: string; namespace?: string; labels?: Record<string, string>; annotations?: Record<string, string> };
  [field: string]: unknown;
}

export function linkerdObjects(options: LinkerdOptions): KubernetesObject[] {
  const root = createRoot({ commonName: 'root.linkerd.cluster.local', validForMs: 365 * DAY_MS });
  const issuer = createIssuer({
    root: root.certificate,
    rootKey: root.privateKey,
    commonName: 'identity.linkerd.cluster.local',
    validForMs: 364 * DAY_MS,
  });
  const anchors = root.certificate.pem;
  const issuerPem = issuer.certificate.pem;
  const issuerKey = toSec1Pem(issuer.privateKey);
  const components = ['identity', 'destination', 'proxy-injector'];
  return [
    {
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
    },
    ...components.map((component) => ({
      apiVersion: 'v1',
      kind: 'ServiceAccount',
      metadata: named(`linkerd-${component}`, component),
    })),
    {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { ...named('linkerd-config', 'controller'), annotations: CREATED_BY },
      data: { 'linkerd-crds-chart-version': 'linkerd-crds-1.0.0-edge', values: values(options, anchors, issuerPem) },
    },
    {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { ...named('linkerd-identity-trust-roots', 'identity'), annotations: CREATED_BY },
      data: { 'ca-bundle.crt': anchors.trimEnd() },
    },
    {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { ...named('linkerd-identity-issuer', 'identity'), annotations: CREATED_BY },
      stringData: { 'crt.pem': issuerPem, 'key.pem': issuerKey },
    },
    {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 'linkerd-config-overrides', namespace: NS, labels: { 'linkerd.io/control-plane-ns': NS } },
      stringData: { 'linkerd-config-overrides': overrides(anchors, issuerPem, issuerKey) },
    },
    controlPlane('identity', options.identityReplicas, anchors, identityContainer(options)),
    controlPlane('destination', 1, anchors, {
      name: 'destination',
      image: 'cr.l5d.io/linkerd/controller',
      args: ['destination'],
    }),
    controlPlane('proxy-injector', 1, anchors, injectorContainer()),
    webhook(options.injector),
  ];
}

function named(name: string, component: string) {
  return {
    name,
    namespace: NS,
    labels: { 'linkerd.io/control-plane-component': component, 'linkerd.io/control-plane-ns': NS },
  };
}

function indented(pem: string, spaces: number): string {
  return pem
    .trimEnd()
    .split('\n')
    .map((line) => `${' '.repeat(spaces)}${line}`)
    .join('\n');
}

/** With a comment and a field that no chart has: whoever edits this must leave them alone. */
function values({ issuanceLifetime, identityReplicas }: LinkerdOptions, anchors: string, issuer: string): string {
  return `cliVersion: linkerd/cli ${LINKERD_VERSION}
clusterDomain: cluster.local
controllerReplicas: ${identityReplicas}
# a person wrote this line
customNote:   "keep   me"
identity:
  externalCA: false
  issuer:
    clockSkewAllowance: 20s
    issuanceLifetime: ${issuanceLifetime}
    scheme: linkerd.io/tls
    tls:
      crtPEM: |
${indented(issuer, 8)}
  serviceAccountTokenProjection: true
identityTrustAnchorsPEM: |
${indented(anchors, 2)}
identityTrustDomain: cluster.local
linkerdVersion: ${LINKERD_VERSION}
proxy:
  nativeSidecar: true
proxyInit: {}   # trailing comment
webhookFailurePolicy: Ignore
`;
}

function overrides(anchors: string, issuer: string, issuerKey: string): string {
  return `heartbeatSchedule: 1 2 3 4 5
identity:
  issuer:
    tls:
      crtPEM: |
${indented(issuer, 8)}
      keyPEM: |
${indented(issuerKey, 8)}
identityTrustAnchorsPEM: |
${indented(anchors, 2)}
linkerdVersion: ${LINKERD_VERSION}
`;
}

function identityContainer({ issuanceLifetime }: LinkerdOptions) {
  return {
    name: 'identity',
    image: 'cr.l5d.io/linkerd/controller',
    args: [
      'identity',
      '-controller-namespace=linkerd',
      '-identity-trust-domain=cluster.local',
      `-identity-issuance-lifetime=${issuanceLifetime}`,
      '-identity-clock-skew-allowance=20s',
      '-identity-scheme=linkerd.io/tls',
    ],
    volumeMounts: [
      { mountPath: '/var/run/linkerd/identity/issuer', name: 'identity-issuer' },
      { mountPath: '/var/run/linkerd/identity/trust-roots/', name: 'trust-roots' },
    ],
  };
}

function injectorContainer() {
  return {
    name: 'proxy-injector',
    image: 'cr.l5d.io/linkerd/controller',
    args: ['proxy-injector', '-linkerd-namespace=linkerd'],
    volumeMounts: [
      { mountPath: '/var/run/linkerd/config', name: 'config' },
      { mountPath: '/var/run/linkerd/identity/trust-roots', name: 'trust-roots' },
    ],
  };
}

function controlPlane(component: string, replicas: number, anchors: string, container: object): KubernetesObject {
  const name = `linkerd-${component}`;
  const labels = {
    'linkerd.io/control-plane-component': component,
    'linkerd.io/control-plane-ns': NS,
    'linkerd.io/workload-ns': NS,
    'linkerd.io/proxy-deployment': name,
  };
  const annotations = {
    ...CREATED_BY,
    'linkerd.io/proxy-version': LINKERD_VERSION,
    'linkerd.io/trust-root-sha256': createHash('sha256').update(anchors).digest('hex'),
  };
  const volumes = [
    { name: 'config', configMap: { name: 'linkerd-config' } },
    { name: 'trust-roots', configMap: { name: 'linkerd-identity-trust-roots' } },
    ...(component === 'identity'
      ? [{ name: 'identity-issuer', secret: { secretName: 'linkerd-identity-issuer' } }]
      : []),
    { name: 'linkerd-identity-end-entity', emptyDir: { medium: 'Memory' } },
  ];
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: {
      name,
      namespace: NS,
      annotations: CREATED_BY,
      labels: {
        'app.kubernetes.io/name': component,
        'app.kubernetes.io/part-of': 'Linkerd',
        'app.kubernetes.io/version': LINKERD_VERSION,
        'linkerd.io/control-plane-component': component,
        'linkerd.io/control-plane-ns': NS,
      },
    },
    spec: {
      replicas,
      selector: { matchLabels: { 'linkerd.io/control-plane-component': component, 'linkerd.io/control-plane-ns': NS } },
      strategy: { rollingUpdate: { maxSurge: '25%', maxUnavailable: '25%' } },
      template: {
        metadata: { annotations, labels },
        spec: { serviceAccountName: name, containers: [container], initContainers: [proxy(component)], volumes },
      },
    },
  };
}

function proxy(component: string) {
  const identity = (name: string) => `linkerd-${name}.linkerd.serviceaccount.identity.linkerd.cluster.local`;
  return {
    name: 'linkerd-proxy',
    image: 'cr.l5d.io/linkerd/proxy',
    restartPolicy: 'Always',
    ports: [
      { containerPort: 4143, name: 'linkerd-proxy' },
      { containerPort: 4191, name: 'linkerd-admin' },
    ],
    env: [
      { name: '_pod_name', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
      { name: '_pod_ns', valueFrom: { fieldRef: { fieldPath: 'metadata.namespace' } } },
      { name: 'LINKERD2_PROXY_ADMIN_LISTEN_ADDR', value: '0.0.0.0:4191' },
      { name: '_pod_sa', valueFrom: { fieldRef: { fieldPath: 'spec.serviceAccountName' } } },
      { name: '_l5d_ns', value: NS },
      { name: '_l5d_trustdomain', value: 'cluster.local' },
      {
        name: 'LINKERD2_PROXY_IDENTITY_TRUST_ANCHORS',
        valueFrom: { configMapKeyRef: { name: 'linkerd-identity-trust-roots', key: 'ca-bundle.crt' } },
      },
      {
        name: 'LINKERD2_PROXY_IDENTITY_SVC_ADDR',
        value:
          component === 'identity' ? 'localhost.:8080' : 'linkerd-identity-headless.linkerd.svc.cluster.local.:8080',
      },
      {
        name: 'LINKERD2_PROXY_IDENTITY_LOCAL_NAME',
        value: '$(_pod_sa).$(_pod_ns).serviceaccount.identity.linkerd.cluster.local',
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
