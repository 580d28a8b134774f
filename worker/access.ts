import { createKubernetes, type Kubernetes } from '../src/kubernetes/client.js';
import type { Prober } from '../src/linkerd/proxies/observe.js';
import { defaultReach } from '../src/linkerd/proxies/reach.js';
import type { WorkerConfig } from './config.js';

/** The cluster and the way to its proxies, as configured: the same for a worker and for a look from a shell. */
export function clusterAccess(config: WorkerConfig, env: NodeJS.ProcessEnv): { k8s: Kubernetes; prober: Prober } {
  const k8s = createKubernetes({
    kubeconfig: config.KUBECONFIG,
    context: config.REROOT_KUBE_CONTEXT,
    requestsPerSecond: config.REROOT_KUBE_REQUESTS_PER_SECOND,
    timeoutMs: config.REROOT_KUBE_TIMEOUT_MS,
  });
  const reach = config.REROOT_REACH === 'auto' ? defaultReach(env) : config.REROOT_REACH;
  const prober = { reach, concurrency: config.REROOT_PROBE_CONCURRENCY, timeoutMs: config.REROOT_PROBE_TIMEOUT_MS };
  return { k8s, prober };
}
