import { createHash } from 'node:crypto';
import type { KubernetesObject } from '../../cluster/objects.js';
import { SCHEMES } from './config.js';
import {
  componentLabels,
  ISSUER_SECRET,
  LINKERD_CONFIG,
  LINKERD_NAMESPACE,
  metadataOf,
  TRUST_ROOTS,
  TRUST_ROOTS_KEY,
} from './names.js';
import type { Install } from './options.js';

/** A Deployment of the control plane: the component's own container with a proxy beside it. */
export function controlPlane(component: string, install: Install): KubernetesObject {
  const { options, version, createdBy } = install;
  const { name, namespace, labels } = metadataOf(`linkerd-${component}`, component);
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: {
      name,
      namespace,
      annotations: createdBy,
      labels: {
        'app.kubernetes.io/name': component,
        'app.kubernetes.io/part-of': 'Linkerd',
        'app.kubernetes.io/version': version.release,
        ...labels,
      },
    },
    spec: {
      replicas: component === 'identity' ? options.identityReplicas : 1,
      selector: { matchLabels: labels },
      strategy: { rollingUpdate: { maxSurge: '25%', maxUnavailable: '25%' } },
      template: podTemplate(component, install),
    },
  };
}

function podTemplate(component: string, install: Install) {
  const { version, certificates, createdBy } = install;
  const name = `linkerd-${component}`;
  const container = mainContainer(component, install);
  const sidecar = proxy(component, install);
  const anchorsHash = createHash('sha256').update(certificates.anchors).digest('hex');
  return {
    metadata: {
      annotations: {
        ...createdBy,
        'linkerd.io/proxy-version': version.release,
        ...(version.rootHash ? { 'linkerd.io/trust-root-sha256': anchorsHash } : {}),
      },
      labels: { ...componentLabels(component), 'linkerd.io/proxy-deployment': name },
    },
    spec: {
      serviceAccountName: name,
      ...(version.nativeSidecar
        ? { containers: [container], initContainers: [{ ...sidecar, restartPolicy: 'Always' }] }
        : { containers: [container, sidecar] }),
      volumes: volumes(component, install),
    },
  };
}

/** The container beside the proxy. Identity's says where its anchors and its issuer come from. */
function mainContainer(component: string, install: Install) {
  const container = { name: component, image: 'cr.l5d.io/linkerd/controller', args: [component] };
  return component === 'identity' ? { ...container, ...identitySettings(install) } : container;
}

function identitySettings({ options, version: { layout }, certificates }: Install) {
  const config = { mountPath: '/var/run/linkerd/config', name: 'config' };
  const issuer = { mountPath: '/var/run/linkerd/identity/issuer', name: 'identity-issuer' };
  const roots = { mountPath: '/var/run/linkerd/identity/trust-roots/', name: 'trust-roots' };
  if (layout === 'A') return { args: ['identity', '-log-level=info'], volumeMounts: [config, issuer] };
  const anchors = Buffer.from(certificates.anchors).toString('base64');
  return {
    args: [
      'identity',
      '-controller-namespace=linkerd',
      '-identity-trust-domain=cluster.local',
      `-identity-issuance-lifetime=${options.issuanceLifetime}`,
      '-identity-clock-skew-allowance=20s',
      ...(layout === 'B' ? [`-identity-trust-anchors-pem=${anchors}`] : []),
      `-identity-scheme=${SCHEMES[options.issuer]}`,
    ],
    ...(layout === 'C' ? { env: [{ name: 'LINKERD2_IDENTITY_TRUST_ANCHORS', value: anchors }] } : {}),
    volumeMounts: [issuer, ...(layout === 'D' ? [roots] : [])],
  };
}

function volumes(component: string, { version: { layout } }: Install) {
  const identity = component === 'identity';
  return [
    ...(!identity || layout === 'A' ? [{ name: 'config', configMap: { name: LINKERD_CONFIG } }] : []),
    ...(layout === 'D' ? [{ name: 'trust-roots', configMap: { name: TRUST_ROOTS } }] : []),
    ...(identity ? [{ name: 'identity-issuer', secret: { secretName: ISSUER_SECRET } }] : []),
    { name: 'linkerd-identity-end-entity', emptyDir: { medium: 'Memory' } },
  ];
}

/** Its anchors: a literal up to 2.10, a reference to the ConfigMap since (charts/partials/templates/_proxy.tpl). */
function proxy(component: string, { version: { layout }, certificates }: Install) {
  const anchors =
    layout === 'D'
      ? { valueFrom: { configMapKeyRef: { name: TRUST_ROOTS, key: TRUST_ROOTS_KEY } } }
      : { value: certificates.anchors };
  const identityOf = (name: string) => `linkerd-${name}.linkerd.serviceaccount.identity.linkerd.cluster.local`;
  const identityAddress =
    component === 'identity' ? 'localhost.:8080' : 'linkerd-identity-headless.linkerd.svc.cluster.local.:8080';
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
      { name: 'LINKERD2_PROXY_IDENTITY_TRUST_ANCHORS', ...anchors },
      { name: '_pod_sa', valueFrom: { fieldRef: { fieldPath: 'spec.serviceAccountName' } } },
      { name: '_l5d_ns', value: LINKERD_NAMESPACE },
      { name: '_l5d_trustdomain', value: 'cluster.local' },
      { name: 'LINKERD2_PROXY_IDENTITY_SVC_ADDR', value: identityAddress },
      {
        name: 'LINKERD2_PROXY_IDENTITY_LOCAL_NAME',
        value: '$(_pod_sa).$(_pod_ns).serviceaccount.identity.$(_l5d_ns).$(_l5d_trustdomain)',
      },
      { name: 'LINKERD2_PROXY_IDENTITY_SVC_NAME', value: identityOf('identity') },
      { name: 'LINKERD2_PROXY_DESTINATION_SVC_NAME', value: identityOf('destination') },
    ],
  };
}
