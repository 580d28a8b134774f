import type { Kubernetes } from '../../src/kubernetes/client.js';
import type { Prober } from '../../src/linkerd/proxies/observe.js';

/** What activities work with; made once by the worker. */
export interface Dependencies {
  k8s: Kubernetes;
  prober: Prober;
  /** The Temporal server of this worker, as the Lease names it. */
  temporalAddress: string;
  /** `inCluster`: whatever the input says, people approve on an object in the cluster. */
  approvals?: 'inCluster' | undefined;
}
