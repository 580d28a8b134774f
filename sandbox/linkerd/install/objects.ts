import type { KubernetesObject } from '../../cluster/objects.js';
import { type Certificates, makeCertificates } from './certificates.js';
import { configData, overrides } from './config.js';
import { controlPlane } from './control-plane.js';
import {
  CONTROL_PLANE_LABEL,
  ISSUER_SECRET,
  LINKERD_CONFIG,
  LINKERD_NAMESPACE,
  metadataOf,
  TRUST_ROOTS,
  TRUST_ROOTS_KEY,
} from './names.js';
import type { InjectorWebhook, Install, LinkerdOptions } from './options.js';
import { VERSIONS } from './versions.js';
import { injectorWebhook } from './webhook.js';

/**
 * The objects of an install of Linkerd that matter here: names, labels, env and volumes as its CLI or Helm chart renders
 * them; images and tuning are left out. The namespace is there already.
 */
export function linkerdObjects(install: Install, injector: InjectorWebhook): KubernetesObject[] {
  const { options, version, externalCA, issuerBrought } = install;
  return [
    ...version.components.map(serviceAccount),
    linkerdConfig(install),
    ...(version.layout === 'D' && !externalCA ? [trustRoots(install)] : []),
    ...(issuerBrought ? [] : [issuerSecret(install)]),
    ...(options.install === 'helm' ? [helmRelease()] : []),
    ...(options.install === 'cli' && version.layout !== 'A' ? [configOverrides(install)] : []),
    ...version.components.map((component) => controlPlane(component, install)),
    injectorWebhook(injector),
  ];
}

/** @param brought what somebody else has made in the namespace: the issuer Secret, and the trust roots unless these are given */
export function installOf(
  options: LinkerdOptions,
  brought?: Certificates,
  roots: 'brought' | 'given' = 'brought',
): Install {
  const version = VERSIONS[options.linkerd];
  return {
    options,
    version,
    certificates: brought ?? makeCertificates(options),
    externalCA: brought !== undefined && roots === 'brought',
    issuerBrought: brought !== undefined,
    createdBy: { 'linkerd.io/created-by': `linkerd/${options.install} ${version.release}` },
  };
}

export function linkerdNamespace(): KubernetesObject {
  return {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: {
      name: LINKERD_NAMESPACE,
      annotations: { 'linkerd.io/inject': 'disabled' },
      labels: {
        'linkerd.io/is-control-plane': 'true',
        'config.linkerd.io/admission-webhooks': 'disabled',
        ...CONTROL_PLANE_LABEL,
      },
    },
  };
}

export function serviceAccount(component: string): KubernetesObject {
  return { apiVersion: 'v1', kind: 'ServiceAccount', metadata: metadataOf(`linkerd-${component}`, component) };
}

function linkerdConfig(install: Install): KubernetesObject {
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { ...metadataOf(LINKERD_CONFIG, 'controller'), annotations: install.createdBy },
    data: configData(install),
  };
}

export function trustRoots({ options, certificates: { anchors }, createdBy }: Install): KubernetesObject {
  const endsWithNewline = options.install === 'helm' || options.linkerd === '2.11';
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { ...metadataOf(TRUST_ROOTS, 'identity'), annotations: createdBy },
    data: { [TRUST_ROOTS_KEY]: endsWithNewline ? anchors : anchors.trimEnd() },
  };
}

export function issuerSecret({ options, certificates, createdBy }: Install): KubernetesObject {
  const { anchors, issuer, issuerKey } = certificates;
  const secret = {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { ...metadataOf(ISSUER_SECRET, 'identity'), annotations: createdBy },
  };
  return options.issuer === 'linkerd'
    ? { ...secret, stringData: { 'crt.pem': issuer, 'key.pem': issuerKey } }
    : {
        ...secret,
        type: 'kubernetes.io/tls',
        stringData: { 'tls.crt': issuer, 'tls.key': issuerKey, 'ca.crt': anchors },
      };
}

/** Helm's own note of the release, by which its installs are known. */
function helmRelease(): KubernetesObject {
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    type: 'helm.sh/release.v1',
    metadata: {
      name: 'sh.helm.release.v1.linkerd-control-plane.v1',
      namespace: LINKERD_NAMESPACE,
      labels: { owner: 'helm', name: 'linkerd-control-plane', status: 'deployed', version: '1' },
    },
  };
}

/** What `linkerd upgrade` renders from (CLI installs since 2.9). */
function configOverrides(install: Install): KubernetesObject {
  const name = 'linkerd-config-overrides';
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name, namespace: LINKERD_NAMESPACE, labels: CONTROL_PLANE_LABEL },
    stringData: { [name]: overrides(install) },
  };
}
