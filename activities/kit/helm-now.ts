import type { HelmUpgrade } from '../../src/ground/helm.js';
import type { Kubernetes } from '../../src/kubernetes/client.js';
import { detectLinkerd } from '../../src/linkerd/detect.js';
import { readHelmUpgrade } from '../../src/linkerd/helm.js';

/** What a release of Helm has to be given to render what the cluster has. */
export interface HelmNow {
  linkerdNamespace: string;
  apiServer: string;
  /** Absent where Linkerd was not installed by Helm, or others make its certificates. */
  helm?: HelmUpgrade;
}

export async function helmNow(k8s: Kubernetes, wanted: string | undefined): Promise<HelmNow> {
  const linkerd = await detectLinkerd(k8s, wanted);
  const helm = await readHelmUpgrade(k8s, linkerd);
  return { linkerdNamespace: linkerd.namespace, apiServer: k8s.server, ...(helm ? { helm } : {}) };
}
