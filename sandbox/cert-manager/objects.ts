import type { KubernetesObject } from '../cluster/objects.js';
import { LINKERD_NAMESPACE, TRUST_ROOTS, TRUST_ROOTS_KEY } from '../linkerd/install/names.js';
import {
  ANCHOR_CERTIFICATE,
  CERT_MANAGER_NAMESPACE,
  ISSUER_CERTIFICATE,
  OUTSIDE_CA,
  ROOT_ISSUER,
  SOURCE_LABEL,
  UPPER_CA,
} from './names.js';
import type { CertificateLife, CertManagerInstall } from './options.js';

/** The objects of an install of cert-manager for Linkerd, as linkerd.io's guide and Buoyant's chart have them. */

const NEVER_MIND: CertificateLife = { duration: '87600h', renewBefore: '720h' };

/** Issuers and Certificates, from the top down. */
export function issuanceObjects(install: CertManagerInstall): KubernetesObject[] {
  const issuerCa = install.root === 'outside' ? OUTSIDE_CA : install.anchorSecret;
  return [
    ...(isMadeHere(install) ? rootObjects(install) : []),
    issuerObject('ClusterIssuer', ISSUER_CERTIFICATE, { ca: { secretName: issuerCa } }),
    certificate(install.issuer, {
      name: ISSUER_CERTIFICATE,
      namespace: LINKERD_NAMESPACE,
      secretName: ISSUER_CERTIFICATE,
      commonName: 'identity.linkerd.cluster.local',
      dnsNames: ['identity.linkerd.cluster.local'],
      usages: ['cert sign', 'crl sign', 'server auth', 'client auth'],
      issuer: { name: ISSUER_CERTIFICATE, kind: 'ClusterIssuer' },
      rotationPolicy: install.rotationPolicy,
    }),
  ];
}

/** By a Certificate. */
export function isMadeHere({ root }: CertManagerInstall): boolean {
  return root === 'selfSigned' || root === 'ca';
}

function rootObjects(install: CertManagerInstall): KubernetesObject[] {
  const { issuers, root, anchorSecret, rotationPolicy, sources, anchor } = install;
  const selfSigned = { selfSigned: {} };
  const issuer = { name: ROOT_ISSUER, kind: issuers };
  const upper =
    root === 'ca'
      ? [
          issuerObject(issuers, `${UPPER_CA}-issuer`, selfSigned),
          certificate(NEVER_MIND, {
            name: UPPER_CA,
            secretName: UPPER_CA,
            commonName: 'Corporate Root',
            issuer: { name: `${UPPER_CA}-issuer`, kind: issuers },
            rotationPolicy,
          }),
        ]
      : [];
  return [
    ...upper,
    issuerObject(issuers, ROOT_ISSUER, root === 'ca' ? { ca: { secretName: UPPER_CA } } : selfSigned),
    certificate(anchor, {
      name: ANCHOR_CERTIFICATE,
      secretName: anchorSecret,
      commonName: 'root.linkerd.cluster.local',
      issuer,
      rotationPolicy,
      ...(sources === 'labels' ? { secretLabels: SOURCE_LABEL } : {}),
    }),
  ];
}

function issuerObject(kind: 'ClusterIssuer' | 'Issuer', name: string, spec: object): KubernetesObject {
  const metadata = kind === 'Issuer' ? { name, namespace: CERT_MANAGER_NAMESPACE } : { name };
  return { apiVersion: 'cert-manager.io/v1', kind, metadata, spec };
}

interface CertificateRequest {
  name: string;
  /** Default: that of cert-manager. */
  namespace?: string;
  secretName: string;
  secretLabels?: Record<string, string>;
  commonName: string;
  dnsNames?: string[];
  usages?: string[];
  issuer: { name: string; kind: 'ClusterIssuer' | 'Issuer' };
  rotationPolicy: CertManagerInstall['rotationPolicy'];
}

function certificate(life: CertificateLife, request: CertificateRequest): KubernetesObject {
  const { name, namespace = CERT_MANAGER_NAMESPACE, issuer, rotationPolicy, secretLabels, ...spec } = request;
  return {
    apiVersion: 'cert-manager.io/v1',
    kind: 'Certificate',
    metadata: { name, namespace },
    spec: {
      isCA: true,
      ...spec,
      ...life,
      ...(secretLabels ? { secretTemplate: { labels: secretLabels } } : {}),
      privateKey: { rotationPolicy, algorithm: 'ECDSA' },
      issuerRef: { ...issuer, group: 'cert-manager.io' },
    },
  };
}

const CONTROL_PLANE = { matchLabels: { 'linkerd.io/is-control-plane': 'true' } };
const CERTIFICATE_KEY = 'tls.crt';

/** trust-manager names its target as the Bundle. */
export function bundleObject(install: CertManagerInstall): KubernetesObject {
  return {
    apiVersion: 'trust.cert-manager.io/v1alpha1',
    kind: 'Bundle',
    metadata: { name: TRUST_ROOTS },
    spec: {
      sources: bundleSources(install).map((source) => ({ secret: { ...source, key: CERTIFICATE_KEY } })),
      target: { configMap: { key: TRUST_ROOTS_KEY }, namespaceSelector: CONTROL_PLANE },
    },
  };
}

/** What Bundles are becoming (trust-manager pkg/apis/trustmanager/v1alpha2/types_cluster_bundle.go). */
export function clusterBundleObject(install: CertManagerInstall): KubernetesObject {
  return {
    apiVersion: 'trust-manager.io/v1alpha2',
    kind: 'ClusterBundle',
    metadata: { name: TRUST_ROOTS },
    spec: {
      sourceRefs: bundleSources(install).map((source) => ({ kind: 'Secret', ...source, key: CERTIFICATE_KEY })),
      target: { configMap: { data: [{ key: TRUST_ROOTS_KEY }] }, namespaceSelector: CONTROL_PLANE },
    },
  };
}

function bundleSources({ sources, anchorSecret, previousSecret }: CertManagerInstall): object[] {
  if (sources === 'labels') return [{ selector: { matchLabels: SOURCE_LABEL } }];
  return [anchorSecret, previousSecret].map((name) => ({ name }));
}

/** A Secret that a person makes: a copy of the root, without cert-manager's annotations. */
export function sourceSecret(name: string, data: Record<string, string>, type: string): KubernetesObject {
  const metadata = { name, namespace: CERT_MANAGER_NAMESPACE, labels: SOURCE_LABEL };
  return { apiVersion: 'v1', kind: 'Secret', metadata, type, data };
}
