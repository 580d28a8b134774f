import { encode } from '../../src/kubernetes/base64.js';
import type { Kubernetes } from '../../src/kubernetes/client.js';
import { createRoot } from '../../src/pki/issue.js';
import { toSec1Pem } from '../../src/pki/key.js';
import type { KubernetesObject } from '../cluster/objects.js';
import { CERT_MANAGER_NAMESPACE, OUTSIDE_CA } from './names.js';
import { sourceSecret } from './objects.js';
import type { CertManagerInstall } from './options.js';

/** A root that no Certificate of the cluster makes: Vault has its key, and the Issuer signs by asking there. */

const YEAR_MS = 365 * 86_400_000;

/** Its certificate for the bundle, and the CA that plays Vault. */
export function outsideRoot({ anchorSecret, root }: CertManagerInstall): KubernetesObject[] {
  const { certificate, privateKey } = createRoot({ commonName: 'root.linkerd.cluster.local', validForMs: YEAR_MS });
  const pair = { 'tls.crt': encode(certificate.pem), 'tls.key': encode(toSec1Pem(privateKey)) };
  // kubectl create secret tls
  if (root === 'byHand') return [sourceSecret(anchorSecret, pair, 'kubernetes.io/tls')];
  return [
    sourceSecret(anchorSecret, { 'tls.crt': encode(certificate.pem) }, 'Opaque'),
    {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: OUTSIDE_CA, namespace: CERT_MANAGER_NAMESPACE },
      type: 'kubernetes.io/tls',
      data: pair,
    },
  ];
}

/** What the owner of the Issuer does in the middle of a rotation: from now on it signs with another root. PEM texts. */
export async function pointIssuerAt(k8s: Kubernetes, certificate: string, key: string): Promise<void> {
  const body = [
    { op: 'replace', path: '/data/tls.crt', value: encode(certificate) },
    { op: 'replace', path: '/data/tls.key', value: encode(key) },
  ];
  await k8s.core.patchNamespacedSecret({ name: OUTSIDE_CA, namespace: CERT_MANAGER_NAMESPACE, body });
}
