import { parseDocument } from 'yaml';
import { createKubernetes, type Kubernetes } from '../../src/kubernetes/client.js';
import { readBundle } from '../../src/pki/bundle.js';
import type { Certificate } from '../../src/pki/certificate.js';
import type { SandboxFacts } from '../facts.js';
import { LINKERD_CONFIG, LINKERD_NAMESPACE, TRUST_ROOTS, TRUST_ROOTS_KEY } from '../linkerd/install/names.js';

/** What became of a mesh, measured from the cluster itself and not from what reroot says. */

/** `metadata.generation` of every data-plane workload: it grows by one with each change of a template. */
export async function dataPlaneGenerations(sandbox: SandboxFacts): Promise<Map<string, number>> {
  const k8s = createKubernetes({ kubeconfig: sandbox.adminKubeconfig });
  const lists = await Promise.all([
    k8s.apps.listDeploymentForAllNamespaces(),
    k8s.apps.listStatefulSetForAllNamespaces(),
    k8s.apps.listDaemonSetForAllNamespaces(),
  ]);
  const all = lists.flatMap<{ metadata?: { namespace?: string; name?: string; generation?: number } }>(
    ({ items }) => items,
  );
  const dataPlane = all.filter(({ metadata }) => metadata?.namespace !== LINKERD_NAMESPACE);
  return new Map(
    dataPlane.map(({ metadata }) => [`${metadata?.namespace}/${metadata?.name}`, metadata?.generation ?? 0]),
  );
}

/** The most rollouts that any workload went through. */
export function rolloutsBetween(before: Map<string, number>, after: Map<string, number>): number {
  return Math.max(0, ...[...after].map(([name, generation]) => generation - (before.get(name) ?? generation)));
}

/** Fingerprints of the anchors that the control plane reads. */
export async function bundleAnchors(k8s: Kubernetes): Promise<string[]> {
  return (await anchorsRead(k8s)).map(({ fingerprint }) => fingerprint);
}

/** Their keys: a root that another root has certified too is two certificates, and one root. */
export async function bundleKeys(k8s: Kubernetes): Promise<string[]> {
  return [...new Set((await anchorsRead(k8s)).map(({ publicKeyDer }) => publicKeyDer.toString('base64')))];
}

async function anchorsRead(k8s: Kubernetes): Promise<Certificate[]> {
  const { items } = await k8s.core.listNamespacedConfigMap({ namespace: LINKERD_NAMESPACE });
  const dataOf = (name: string) => items.find(({ metadata }) => metadata?.name === name)?.data;
  const pem = dataOf(TRUST_ROOTS)?.[TRUST_ROOTS_KEY] ?? configuredAnchors(dataOf(LINKERD_CONFIG));
  return readBundle(pem).certificates;
}

/** Fields of linkerd-config, newest first, that have held the anchors; read here without the code under test. */
const CONFIGURED: readonly { key: 'values' | 'global'; field: readonly string[] }[] = [
  { key: 'values', field: ['identityTrustAnchorsPEM'] },
  { key: 'values', field: ['global', 'identityTrustAnchorsPEM'] },
  { key: 'global', field: ['identityContext', 'trustAnchorsPem'] },
];

/** Linkerd 2.7 to 2.10. */
function configuredAnchors(data: Record<string, string> = {}): string {
  const found = CONFIGURED.map(({ key, field }) => parseDocument(data[key] ?? '').getIn(field));
  return found.find((value) => typeof value === 'string') ?? '';
}
