import type { Kubernetes } from '../../src/kubernetes/client.js';
import { isKubernetesError } from '../../src/kubernetes/errors.js';
import { INJECTOR_DEPLOYMENT } from '../../src/linkerd/names.js';
import { rehearseInjection } from '../../src/linkerd/proxies/injection.js';
import { injectedWrongly } from '../../src/rotation/injection.js';
import type { Dependencies } from './dependencies.js';
import type { PhaseContext } from './stored-rotation.js';

/** Dry runs that must agree, for each replica of the injector: requests are spread over them by chance. */
const DRY_RUNS_PER_REPLICA = 3;

/** A new pod would come out otherwise than the phase wants; `refused`: no namespace takes one, so nobody knows. */
export type WrongRehearsal = { namespace: string } & ({ problem: string } | { refused: string });

/**
 * Creates meshed pods as dry runs, often enough to meet every replica of the injector.
 * @param namespaces where a new pod would be meshed (`rehearsalNamespaces`)
 * @returns the first that would come out otherwise than the phase wants, or that nobody takes; undefined: none
 * @throws KubernetesError
 */
export async function firstWrongRehearsal(
  { k8s }: Pick<Dependencies, 'k8s'>,
  { linkerd, target, row }: PhaseContext,
  namespaces: readonly string[],
): Promise<WrongRehearsal | undefined> {
  const injector = await k8s.apps.readNamespacedDeployment({
    name: INJECTOR_DEPLOYMENT,
    namespace: linkerd.namespace,
  });
  const tries = DRY_RUNS_PER_REPLICA * Math.max(1, injector.spec?.replicas ?? 1);
  for (let count = 0; count < tries; count += 1) {
    const rehearsal = await rehearseInjection(k8s, namespaces);
    if ('refused' in rehearsal) return rehearsal;
    const { namespace } = rehearsal;
    const problem = 'anchors' in rehearsal ? injectedWrongly(rehearsal.anchors, target, row) : rehearsal.problem;
    if (problem !== undefined) return { namespace, problem };
  }
  return undefined;
}

/** Whether a replica of the injector is ready: else pods that are made now come without a proxy. */
export async function injectorIsReady({ apps }: Pick<Kubernetes, 'apps'>, namespace: string): Promise<boolean> {
  try {
    const { status } = await apps.readNamespacedDeployment({ name: INJECTOR_DEPLOYMENT, namespace });
    return (status?.readyReplicas ?? 0) > 0;
  } catch (error) {
    if (isKubernetesError(error, 'NotFound')) return false;
    throw error;
  }
}
