import { parse } from 'yaml';
import { createKubernetes, type Kubernetes } from '../../src/kubernetes/client.js';
import { readBundle } from '../../src/pki/bundle.js';
import type { SandboxFacts } from '../cluster/host.js';

/** What the demo claims, measured from the cluster itself and not from what reroot says. */

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
  const dataPlane = all.filter(({ metadata }) => metadata?.namespace !== 'linkerd');
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
  const { items } = await k8s.core.listNamespacedConfigMap({ namespace: 'linkerd' });
  const dataOf = (name: string) => items.find(({ metadata }) => metadata?.name === name)?.data;
  const pem = dataOf('linkerd-identity-trust-roots')?.['ca-bundle.crt'] ?? configuredAnchors(dataOf('linkerd-config'));
  return readBundle(pem).certificates.map(({ fingerprint }) => fingerprint);
}

interface Configuration {
  identityContext?: { trustAnchorsPem?: string };
  global?: { identityTrustAnchorsPEM?: string };
  identityTrustAnchorsPEM?: string;
}

/** Linkerd 2.7 to 2.10: a field of linkerd-config, read here without the code under test. */
function configuredAnchors(data: Record<string, string> = {}): string {
  const config = parse(data['global'] ?? data['values'] ?? '') as Configuration | null;
  return (
    config?.identityContext?.trustAnchorsPem ??
    config?.global?.identityTrustAnchorsPEM ??
    config?.identityTrustAnchorsPEM ??
    ''
  );
}
