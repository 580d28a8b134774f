import { cancellation } from '../activities/kit/heartbeat.js';
import { type ClientOptions, createKubernetes, type Kubernetes } from '../src/kubernetes/client.js';
import type { Prober } from '../src/linkerd/proxies/observe.js';
import { defaultReach } from '../src/linkerd/proxies/reach.js';
import type { WorkerConfig } from './config.js';

/** The cluster and the way to its proxies, as configured: the same for a worker and for a look from a shell. */
export function clusterAccess(
  config: WorkerConfig,
  env: NodeJS.ProcessEnv,
  onAnswer?: ClientOptions['onAnswer'],
): { k8s: Kubernetes; prober: Prober } {
  const k8s = createKubernetes({
    kubeconfig: config.KUBECONFIG,
    context: config.REROOT_KUBE_CONTEXT,
    requestsPerSecond: config.REROOT_KUBE_REQUESTS_PER_SECOND,
    timeoutMs: config.REROOT_KUBE_TIMEOUT_MS,
    execTimeoutMs: config.REROOT_EXEC_PLUGIN_TIMEOUT_MS,
    givenUp: cancellation,
    onAnswer,
    env,
  });
  const reach = config.REROOT_REACH === 'auto' ? defaultReach(env) : config.REROOT_REACH;
  const prober = { reach, concurrency: config.REROOT_PROBE_CONCURRENCY, timeoutMs: config.REROOT_PROBE_TIMEOUT_MS };
  return { k8s, prober };
}

/**
 * Writes have private keys in them: they do not go to somebody who is not known, unless a person has said so.
 * @returns what to warn of; undefined: the API server is verified
 * @throws Error that names the cause
 */
export function refuseUnverified(
  { server, unverified }: Pick<Kubernetes, 'server' | 'unverified'>,
  { REROOT_UNVERIFIED_API_SERVER: choice }: Pick<WorkerConfig, 'REROOT_UNVERIFIED_API_SERVER'>,
): string | undefined {
  if (unverified === undefined) return undefined;
  const what = `the certificate of the API server ${server} is not verified (${unverified}): private keys go to whoever answers there`;
  if (choice === 'accept') return what;
  throw new Error(
    `${what}. Take that away, and give the kubeconfig the server's certificate-authority; ` +
      'or say REROOT_UNVERIFIED_API_SERVER=accept where nobody can be in between',
  );
}
