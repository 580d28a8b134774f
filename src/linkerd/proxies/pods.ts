import type { V1Container, V1EnvVar, V1ObjectMeta, V1Pod } from '@kubernetes/client-node';
import type { Kubernetes } from '../../kubernetes/client.js';
import { listAll } from '../../kubernetes/list.js';
import type { WorkloadRef } from '../../ground/mesh.js';
import { templateAnchors } from '../layouts/template.js';
import { MARK_ANNOTATION } from '../../kubernetes/own-names.js';
import {
  ANCHORS_VARIABLE,
  COMPONENT_LABEL,
  CONTROL_PLANE_NS_LABEL,
  IDENTITY_VARIABLE,
  PROXY_CONTAINER,
  TRUST_ROOTS,
} from '../names.js';

/** What is kept of a meshed pod: enough to probe it and to find its workload. */
export interface MeshedPod {
  namespace: string;
  name: string;
  uid: string;
  address?: string;
  /** Name in the leaf, and the SNI that the proxy's admin port answers to. */
  identity?: string;
  component?: string;
  ready: boolean;
  terminating: boolean;
  mark?: string;
  workload: WorkloadRef;
  /** PEM of the anchors when the pod carries it literally: fixed at container start, so what the process has. */
  literalAnchors?: string;
  /** Its anchors come from the ConfigMap of the trust roots, as it was when the container was started. */
  anchorsFromBundle: boolean;
  /** When the running container of the proxy was started; whole seconds. Absent while none runs. */
  startedAt?: Date;
  /** PEM of the anchors that the identity process next to the proxy was started with, where the pod carries them. */
  identityAnchors?: string;
  /** Why the scheduler or kubelet cannot start it, in their words. */
  pendingBecause?: string;
  /** Milliseconds from its creation to its readiness. */
  startMs?: number;
}

/** Every pod with a live or starting proxy, of one namespace or of all; paged. */
export async function listMeshedPods(k8s: Kubernetes, controlPlane: string, namespace?: string): Promise<MeshedPod[]> {
  const labelSelector = `${CONTROL_PLANE_NS_LABEL}=${controlPlane}`;
  const pods = await listAll(
    (page) =>
      namespace === undefined
        ? k8s.core.listPodForAllNamespaces({ ...page, labelSelector })
        : k8s.core.listNamespacedPod({ ...page, namespace, labelSelector }),
    readMeshedPod,
  );
  return await withOwnersOfReplicaSets(k8s, pods, namespace);
}

/**
 * The injector and a pod's owner reference end at the ReplicaSet where a Deployment is not behind it: whose it is (an
 * Argo Rollout, for example) stands on the ReplicaSet. One list for all pods, and only where there are such pods.
 */
async function withOwnersOfReplicaSets(
  k8s: Kubernetes,
  pods: MeshedPod[],
  wanted: string | undefined,
): Promise<MeshedPod[]> {
  const among = new Set(pods.filter(({ workload }) => workload.kind === 'ReplicaSet').map((pod) => pod.namespace));
  const [only, ...others] = among;
  if (only === undefined) return pods;
  const namespace = wanted ?? (others.length === 0 ? only : undefined);
  const owners = new Map<string, WorkloadRef>();
  await listAll(
    (page) =>
      namespace === undefined
        ? k8s.apps.listReplicaSetForAllNamespaces(page)
        : k8s.apps.listNamespacedReplicaSet({ ...page, namespace }),
    ({ metadata }) => {
      const owner = metadata?.ownerReferences?.find(({ controller }) => controller);
      const at = metadata?.namespace ?? '';
      if (owner && among.has(at)) {
        owners.set(`${at}/${metadata?.name}`, { namespace: at, kind: owner.kind, name: owner.name });
      }
      return undefined;
    },
  );
  return pods.map((pod) => {
    const owner = pod.workload.kind === 'ReplicaSet' && owners.get(`${pod.namespace}/${pod.workload.name}`);
    return owner ? { ...pod, workload: owner } : pod;
  });
}

/** @returns undefined for pods without a proxy and for pods that have ended */
export function readMeshedPod(pod: V1Pod): MeshedPod | undefined {
  const proxy = proxyContainer(pod);
  const phase = pod.status?.phase;
  if (!proxy || phase === 'Succeeded' || phase === 'Failed') return undefined;
  const { metadata = {}, status = {} } = pod;
  const anchors = lastValue(proxy.env, ANCHORS_VARIABLE);
  const identity = expandedIdentity(pod, proxy);
  const component = metadata.labels?.[COMPONENT_LABEL];
  const mark = metadata.annotations?.[MARK_ANNOTATION];
  const pendingBecause = pendingReason(pod);
  const startedAt = proxyStart(pod);
  const identityAnchors = templateAnchors(pod).find(({ container }) => container === 'identity')?.pem;
  return {
    namespace: metadata.namespace ?? '',
    name: metadata.name ?? '',
    uid: metadata.uid ?? '',
    ready: status.conditions?.some(({ type, status: state }) => type === 'Ready' && state === 'True') === true,
    terminating: metadata.deletionTimestamp !== undefined,
    workload: workloadOf(metadata),
    anchorsFromBundle: !anchors?.value && anchors?.valueFrom?.configMapKeyRef?.name === TRUST_ROOTS,
    ...(status.podIP ? { address: status.podIP } : {}),
    ...(identity ? { identity } : {}),
    ...(component ? { component } : {}),
    ...(mark ? { mark } : {}),
    ...(anchors?.value ? { literalAnchors: anchors.value } : {}),
    ...(startedAt ? { startedAt } : {}),
    ...(identityAnchors ? { identityAnchors } : {}),
    ...(pendingBecause ? { pendingBecause } : {}),
    ...startTime(pod),
  };
}

function startTime({ metadata, status }: V1Pod): { startMs?: number } {
  const ready = status?.conditions?.find(({ type, status: state }) => type === 'Ready' && state === 'True');
  if (!ready?.lastTransitionTime || !metadata?.creationTimestamp) return {};
  return { startMs: new Date(ready.lastTransitionTime).getTime() - new Date(metadata.creationTimestamp).getTime() };
}

/** Kinds whose name the injector writes on the pod as `linkerd.io/proxy-<kind>` (linkerd2 pkg/k8s/labels.go). */
const OWNER_KINDS = ['Deployment', 'StatefulSet', 'DaemonSet', 'CronJob', 'Job', 'ReplicationController', 'ReplicaSet'];

/** The workload of a pod: as the injector saw it, which knows the Deployment behind a ReplicaSet; else its owner. */
function workloadOf(metadata: V1ObjectMeta): WorkloadRef {
  const namespace = metadata.namespace ?? '';
  for (const kind of OWNER_KINDS) {
    const name = metadata.labels?.[`linkerd.io/proxy-${kind.toLowerCase()}`];
    if (name) return { namespace, kind, name };
  }
  const owner = metadata.ownerReferences?.find((reference) => reference.controller);
  if (owner?.kind === 'Node') return { namespace, kind: 'StaticPod', name: metadata.name ?? '' };
  return { namespace, kind: owner?.kind ?? 'Pod', name: owner?.name ?? metadata.name ?? '' };
}

/** The proxy is an ordinary container, or a native sidecar among the init containers (default from Linkerd 2.20). */
export function proxyContainer(pod: Pick<V1Pod, 'spec'>): V1Container | undefined {
  const all = [...(pod.spec?.initContainers ?? []), ...(pod.spec?.containers ?? [])];
  return all.find((container) => container.name === PROXY_CONTAINER);
}

function proxyStart({ status }: V1Pod): Date | undefined {
  const all = [...(status?.initContainerStatuses ?? []), ...(status?.containerStatuses ?? [])];
  const startedAt = all.find(({ name }) => name === PROXY_CONTAINER)?.state?.running?.startedAt;
  return startedAt ? new Date(startedAt) : undefined;
}

/** The last occurrence counts, as in the process (`config.linkerd.io/proxy-additional-env` can append one). */
export function lastValue(env: readonly V1EnvVar[] | undefined, name: string): V1EnvVar | undefined {
  return env?.findLast((variable) => variable.name === name);
}

function expandedIdentity(pod: V1Pod, proxy: V1Container): string | undefined {
  const template = lastValue(proxy.env, IDENTITY_VARIABLE)?.value;
  const variables: Record<string, string | undefined> = {
    _pod_sa: pod.spec?.serviceAccountName ?? 'default',
    _pod_ns: pod.metadata?.namespace,
  };
  return template?.replaceAll(/\$\(([^)]+)\)/g, (whole, name: string) => {
    return variables[name] ?? lastValue(proxy.env, name)?.value ?? whole;
  });
}

function pendingReason(pod: V1Pod): string | undefined {
  const unscheduled = pod.status?.conditions?.find(({ type, status }) => type === 'PodScheduled' && status === 'False');
  if (unscheduled) return unscheduled.message ?? unscheduled.reason;
  const statuses = [...(pod.status?.initContainerStatuses ?? []), ...(pod.status?.containerStatuses ?? [])];
  const waiting = statuses.find(
    ({ state }) => state?.waiting?.reason && !/^(PodInitializing|ContainerCreating)$/.test(state.waiting.reason),
  );
  return waiting ? `container ${waiting.name}: ${waiting.state?.waiting?.reason}` : undefined;
}
