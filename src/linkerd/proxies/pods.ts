import type {
  V1Container,
  V1ContainerStatus,
  V1EnvVar,
  V1ObjectMeta,
  V1Pod,
  V1PodCondition,
} from '@kubernetes/client-node';
import type { Kubernetes } from '../../kubernetes/client.js';
import { listAll } from '../../kubernetes/list.js';
import type { WorkloadRef } from '../../ground/mesh.js';
import { LONGEST_NAME, plain } from '../../ground/plain.js';
import { present } from '../../ground/present.js';
import { canBeNamed } from '../../kubernetes/object-names.js';
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

/** Kinds whose name the injector writes on the pod as `linkerd.io/proxy-<kind>` (linkerd2 pkg/k8s/labels.go). */
const LABELLED_KINDS = [
  'Deployment',
  'StatefulSet',
  'DaemonSet',
  'CronJob',
  'Job',
  'ReplicationController',
  'ReplicaSet',
];

/** Waiting is usual for a container whose turn has not come. */
const USUAL_REASONS = /^(PodInitializing|ContainerCreating)$/;

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
  /** ISO 8601: when it should have been gone, with the grace that it was given. */
  deletedAt?: string;
  /** ISO 8601. */
  createdAt?: string;
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
    ({ metadata = {} }) => {
      const owner = controllerOf(metadata);
      const { namespace: at = '', name } = metadata;
      if (owner && among.has(at)) owners.set(`${at}/${name}`, { namespace: at, ...owner });
      return undefined;
    },
  );
  return pods.map((pod) => {
    const owner = pod.workload.kind === 'ReplicaSet' && owners.get(`${pod.namespace}/${pod.workload.name}`);
    return owner ? { ...pod, workload: owner } : pod;
  });
}

/**
 * What is kept of a pod.
 * @returns undefined for pods without a proxy and for pods that have ended
 */
export function readMeshedPod(pod: V1Pod): MeshedPod | undefined {
  const proxy = proxyContainer(pod);
  if (!proxy || hasEnded(pod)) return undefined;
  const metadata = pod.metadata ?? {};
  const { namespace = '', name = '', uid = '', labels = {}, annotations = {} } = metadata;
  return {
    namespace,
    name,
    uid,
    ready: readyCondition(pod) !== undefined,
    terminating: metadata.deletionTimestamp !== undefined,
    workload: workloadOf(metadata),
    ...anchorsOf(pod, proxy),
    ...present({
      address: pod.status?.podIP,
      identity: said(expandedIdentity(pod, proxy), LONGEST_NAME),
      component: labels[COMPONENT_LABEL],
      mark: said(annotations[MARK_ANNOTATION]),
      startedAt: proxyStart(pod),
      pendingBecause: said(pendingReason(pod)),
      startMs: startTime(pod),
      deletedAt: isoTime(metadata.deletionTimestamp),
      createdAt: isoTime(metadata.creationTimestamp),
    }),
  };
}

/** What the pod itself says. */
function said(text: string | undefined, most?: number): string | undefined {
  return text === undefined ? undefined : plain(text, most);
}

function isoTime(time: Date | undefined): string | undefined {
  return time && new Date(time).toISOString();
}

function hasEnded({ status }: V1Pod): boolean {
  return status?.phase === 'Succeeded' || status?.phase === 'Failed';
}

type Owner = Pick<WorkloadRef, 'kind' | 'name'>;

type PodAnchors = Pick<MeshedPod, 'literalAnchors' | 'anchorsFromBundle' | 'identityAnchors'>;

/** From where the processes of a pod have their anchors, as its own specification says. */
function anchorsOf(pod: V1Pod, proxy: V1Container): PodAnchors {
  const variable = lastValue(proxy.env, ANCHORS_VARIABLE);
  const literalAnchors = variable?.value || undefined;
  return {
    anchorsFromBundle: literalAnchors === undefined && variable?.valueFrom?.configMapKeyRef?.name === TRUST_ROOTS,
    ...present({
      literalAnchors,
      identityAnchors: templateAnchors(pod).find(({ container }) => container === 'identity')?.pem,
    }),
  };
}

function readyCondition({ status }: V1Pod): V1PodCondition | undefined {
  return status?.conditions?.find((condition) => condition.type === 'Ready' && condition.status === 'True');
}

function startTime(pod: V1Pod): number | undefined {
  const ready = readyCondition(pod)?.lastTransitionTime;
  const created = pod.metadata?.creationTimestamp;
  return ready && created && new Date(ready).getTime() - new Date(created).getTime();
}

/**
 * The workload of a pod: as the injector saw it, which knows the Deployment behind a ReplicaSet; else its owner. An owner of
 * a kind or name that no object can have is none: the pod stands for itself, under its own name, so that no waiver of
 * another workload covers it.
 */
function workloadOf(metadata: V1ObjectMeta): WorkloadRef {
  const { namespace = '', name = '' } = metadata;
  const owner = labelledOwner(metadata.labels) ?? controllerOf(metadata) ?? { kind: 'Pod', name };
  // the node owns the pods that its kubelet makes by itself
  return { namespace, ...(owner.kind === 'Node' ? { kind: 'StaticPod', name } : owner) };
}

function labelledOwner(labels: V1ObjectMeta['labels'] = {}): Owner | undefined {
  const owners = LABELLED_KINDS.map((kind) => ({ kind, name: labels[`linkerd.io/proxy-${kind.toLowerCase()}`] ?? '' }));
  return owners.find(canBeNamed);
}

function controllerOf({ ownerReferences = [] }: V1ObjectMeta): Owner | undefined {
  const owner = ownerReferences.find(({ controller }) => controller);
  return owner && canBeNamed(owner) ? { kind: owner.kind, name: owner.name } : undefined;
}

/** The proxy is an ordinary container, or a native sidecar among the init containers (default from Linkerd 2.20). */
export function proxyContainer(pod: Pick<V1Pod, 'spec'>): V1Container | undefined {
  const all = [...(pod.spec?.initContainers ?? []), ...(pod.spec?.containers ?? [])];
  return all.find((container) => container.name === PROXY_CONTAINER);
}

function proxyStart(pod: V1Pod): Date | undefined {
  const startedAt = containerStatuses(pod).find(({ name }) => name === PROXY_CONTAINER)?.state?.running?.startedAt;
  return startedAt && new Date(startedAt);
}

function containerStatuses({ status }: V1Pod): V1ContainerStatus[] {
  return [...(status?.initContainerStatuses ?? []), ...(status?.containerStatuses ?? [])];
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
  return unscheduled ? (unscheduled.message ?? unscheduled.reason) : waitingReason(pod);
}

function waitingReason(pod: V1Pod): string | undefined {
  for (const { name, state } of containerStatuses(pod)) {
    const reason = state?.waiting?.reason;
    if (reason && !USUAL_REASONS.test(reason)) return `container ${name}: ${reason}`;
  }
  return undefined;
}
