import type { Kubernetes } from './client.js';

/** The uid of this namespace stands for the cluster: it is made once, with the cluster, and never anew. */
const CLUSTER_NAMESPACE = 'kube-system';

/** @throws KubernetesError */
export async function readClusterUid({ core }: Pick<Kubernetes, 'core'>): Promise<string> {
  const { metadata } = await core.readNamespace({ name: CLUSTER_NAMESPACE });
  return metadata?.uid ?? '';
}
