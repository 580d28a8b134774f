import { createKubernetes, type Kubernetes } from '../../src/kubernetes/client.js';
import { readBundle } from '../../src/pki/bundle.js';
import type { SandboxFacts } from '../host.js';

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
  const { data } = await k8s.core.readNamespacedConfigMap({
    name: 'linkerd-identity-trust-roots',
    namespace: 'linkerd',
  });
  return readBundle(data?.['ca-bundle.crt'] ?? '').certificates.map(({ fingerprint }) => fingerprint);
}
