import type { V1Pod } from '@kubernetes/client-node';
import { plain } from '../../ground/plain.js';
import type { Kubernetes } from '../../kubernetes/client.js';
import { listAll } from '../../kubernetes/list.js';
import type { PodPort } from '../../kubernetes/port-forward.js';

/** Workers that run in a cluster, as the chart installs them. */
export const WORKER_SELECTOR = 'app.kubernetes.io/name=reroot';
const PORT_NAME = 'http';
/** Where no container names one. */
const USUAL_PORT = 8080;

/** What was found of them: one that is ready, or why there is none. */
export type FoundWorker = PodPort | { none: string };

/** @throws KubernetesError when the pods may not be listed */
export async function findWorkerPod(k8s: Pick<Kubernetes, 'core'>, namespace: string): Promise<FoundWorker> {
  const request = { namespace, labelSelector: WORKER_SELECTOR };
  return chosenPod(
    await listAll(
      async (page) => await k8s.core.listNamespacedPod({ ...request, ...page }),
      (pod) => pod,
    ),
    namespace,
  );
}

/** The oldest that is ready: the one that was chosen before, as long as it lives. */
export function chosenPod(pods: readonly V1Pod[], namespace: string): FoundWorker {
  const usable = pods
    .filter((pod) => isReady(pod) && pod.metadata?.deletionTimestamp === undefined)
    .toSorted((a, b) => createdAt(a) - createdAt(b));
  const [first] = usable;
  if (first) return { namespace, name: first.metadata?.name ?? '', port: httpPort(first) };
  if (pods.length === 0) return { none: `namespace ${namespace} has no pod with label ${WORKER_SELECTOR}` };
  const states = pods.map(
    ({ metadata, status }) => `${plain(metadata?.name ?? '?')} (${plain(status?.phase ?? 'unknown')})`,
  );
  return { none: `no worker in namespace ${namespace} is ready: ${states.slice(0, 5).join(', ')}` };
}

function isReady({ status }: V1Pod): boolean {
  return status?.conditions?.some(({ type, status: is }) => type === 'Ready' && is === 'True') ?? false;
}

function createdAt({ metadata }: V1Pod): number {
  return metadata?.creationTimestamp ? new Date(metadata.creationTimestamp).getTime() : 0;
}

function httpPort({ spec }: V1Pod): number {
  const ports = (spec?.containers ?? []).flatMap((container) => container.ports ?? []);
  return ports.find(({ name }) => name === PORT_NAME)?.containerPort ?? USUAL_PORT;
}
