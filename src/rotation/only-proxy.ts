import type { ProxyObservation } from '../ground/mesh.js';

/** Pods that a hint names. */
const NAMED = 3;

type Pod = Pick<ProxyObservation, 'namespace' | 'pod' | 'onlyProxy'>;

/**
 * What keeps a workload whose pods reroot cannot replace, said better where all of these pods have done their work: a proxy that
 * is an ordinary container does not end with the others (linkerd2, "Jobs and cronjobs"), and holds every gate for ever.
 */
export function saidOfOnlyProxies<T extends { message: string; hint: string }>(found: T, pods: readonly Pod[]): T {
  if (pods.length === 0 || !pods.every(({ onlyProxy }) => onlyProxy)) return found;
  const [{ namespace } = { namespace: '' }] = pods;
  const named = pods.slice(0, NAMED).map(({ pod }) => pod);
  const more = pods.length > NAMED ? ' …' : '';
  return {
    ...found,
    message: `the own containers of ${pods.length} of its pods have ended, and only the proxy runs on: they do not end by themselves`,
    hint:
      `\`kubectl delete pod -n ${namespace} ${named.join(' ')}${more}\` (from Kubernetes 1.27 on their Job counts them as done, before ` +
      'that it runs them again; the rotation notices by itself), or `waive` it',
  };
}
