import type { V1ObjectMeta } from '@kubernetes/client-node';
import { type Rollout, restartTime, rollout, ROLLOUTS } from './argo-rollouts.js';
import type { Kubernetes } from './client.js';
import { listCustom } from './custom.js';
import { isKubernetesError } from './errors.js';
import { listAll } from './list.js';
import { isLostRace, type PatchOperation, pointer } from './patch.js';
import type { Workload, WorkloadReading } from './workload.js';
import { cronJob, daemonSet, deployment, replicaSet, replicationController, statefulSet } from './workload-kinds.js';

/** Kinds of controllers with a pod template. */
export const WORKLOAD_KINDS = [
  'Deployment',
  'StatefulSet',
  'DaemonSet',
  'ReplicaSet',
  'ReplicationController',
  'CronJob',
  'Rollout',
] as const;

export function isWorkloadKind(kind: string): boolean {
  return (WORKLOAD_KINDS as readonly string[]).includes(kind);
}

/** Every controller with a pod template of a namespace, or of all; those owned by another controller are left out. */
export async function listWorkloads(
  k8s: Kubernetes,
  namespace: string | undefined,
  reading: WorkloadReading,
  kinds: ReadonlySet<string> = new Set(WORKLOAD_KINDS),
): Promise<Workload[]> {
  const { apps, core, batch } = k8s;
  const all = namespace === undefined;
  const at = { namespace: namespace ?? '' };
  const lists: Record<(typeof WORKLOAD_KINDS)[number], () => Promise<Workload[]>> = {
    Deployment: async () =>
      await listAll(
        (page) => (all ? apps.listDeploymentForAllNamespaces(page) : apps.listNamespacedDeployment({ ...page, ...at })),
        (item) => own(item, reading, deployment),
      ),
    StatefulSet: async () =>
      await listAll(
        (page) =>
          all ? apps.listStatefulSetForAllNamespaces(page) : apps.listNamespacedStatefulSet({ ...page, ...at }),
        (item) => own(item, reading, statefulSet),
      ),
    DaemonSet: async () =>
      await listAll(
        (page) => (all ? apps.listDaemonSetForAllNamespaces(page) : apps.listNamespacedDaemonSet({ ...page, ...at })),
        (item) => own(item, reading, daemonSet),
      ),
    ReplicaSet: async () =>
      await listAll(
        (page) => (all ? apps.listReplicaSetForAllNamespaces(page) : apps.listNamespacedReplicaSet({ ...page, ...at })),
        (item) => own(item, reading, replicaSet),
      ),
    ReplicationController: async () =>
      await listAll(
        (page) =>
          all
            ? core.listReplicationControllerForAllNamespaces(page)
            : core.listNamespacedReplicationController({ ...page, ...at }),
        (item) => own(item, reading, replicationController),
      ),
    CronJob: async () =>
      await listAll(
        (page) => (all ? batch.listCronJobForAllNamespaces(page) : batch.listNamespacedCronJob({ ...page, ...at })),
        (item) => own(item, reading, cronJob),
      ),
    Rollout: async () => await listCustom(k8s, ROLLOUTS, namespace, (item) => own(item as Rollout, reading, rollout)),
  };
  const wanted = WORKLOAD_KINDS.filter((kind) => kinds.has(kind));
  return (await Promise.all(wanted.map(async (kind) => await lists[kind]()))).flat();
}

function own<T extends { metadata?: V1ObjectMeta }>(
  item: T,
  reading: WorkloadReading,
  read: (item: T, reading: WorkloadReading) => Workload,
): Workload | undefined {
  return item.metadata?.ownerReferences?.some(({ controller }) => controller) ? undefined : read(item, reading);
}

/**
 * Changes a workload's template: the mark, as `kubectl rollout restart` does by an annotation, and its edits; or sets the
 * time of its restart, where its controller has one. The mark is
 * the same for every try, so a second patch changes nothing; the generation is tested, so a template that somebody
 * changed meanwhile is looked at again first.
 * @returns false when the workload changed since it was read
 */
export async function rollWorkload(
  k8s: Kubernetes,
  workload: Workload,
  reading: WorkloadReading,
  mark: string,
  manager: string,
): Promise<boolean> {
  const template = [...workload.templatePath, 'metadata', 'annotations'];
  const { restartPath, edits } = workload;
  const byTemplate = restartPath === undefined || edits.length > 0;
  const body: PatchOperation[] = [
    { op: 'test', path: '/metadata/uid', value: workload.uid },
    ...(workload.generation > 0
      ? [{ op: 'test' as const, path: '/metadata/generation', value: workload.generation }]
      : []),
    ...edits,
    ...(byTemplate && !workload.templateAnnotations ? [add(template, {})] : []),
    ...(byTemplate ? [add([...template, reading.mark], mark)] : []),
    ...(workload.annotations ? [] : [add(['metadata', 'annotations'], {})]),
    ...(restartPath ? [add(['metadata', 'annotations', reading.mark], mark)] : []),
    ...(byTemplate ? [] : [add([...restartPath], restartTime(new Date()))]),
    add(['metadata', 'annotations', reading.markedAt], new Date().toISOString()),
  ];
  const request = { name: workload.name, namespace: workload.namespace, body, fieldManager: manager };
  try {
    await PATCH[workload.kind]?.(k8s, request);
    return true;
  } catch (error) {
    if (isLostRace(error)) return false;
    throw error;
  }
}

type PatchRequest = { name: string; namespace: string; body: PatchOperation[]; fieldManager: string };

const PATCH: Record<string, (k8s: Kubernetes, request: PatchRequest) => Promise<unknown>> = {
  Deployment: async ({ apps }, request) => await apps.patchNamespacedDeployment(request),
  StatefulSet: async ({ apps }, request) => await apps.patchNamespacedStatefulSet(request),
  DaemonSet: async ({ apps }, request) => await apps.patchNamespacedDaemonSet(request),
  ReplicaSet: async ({ apps }, request) => await apps.patchNamespacedReplicaSet(request),
  ReplicationController: async ({ core }, request) => await core.patchNamespacedReplicationController(request),
  CronJob: async ({ batch }, request) => await batch.patchNamespacedCronJob(request),
  Rollout: async ({ custom }, request) => await custom.patchNamespacedCustomObject({ ...ROLLOUTS, ...request }),
};

/**
 * Evicts a pod, so that its PodDisruptionBudget has a say.
 * @returns why it may not go now, in the API server's words; undefined when it goes
 */
export async function evictPod(
  k8s: Kubernetes,
  { namespace, name, uid }: { namespace: string; name: string; uid: string },
): Promise<string | undefined> {
  try {
    await k8s.core.createNamespacedPodEviction({
      name,
      namespace,
      body: { metadata: { name, namespace }, deleteOptions: { preconditions: { uid } } },
    });
    return undefined;
  } catch (error) {
    if (!isKubernetesError(error)) throw error;
    if (error.status === 429) return error.message;
    if (error.kind === 'NotFound' || error.kind === 'Conflict') return undefined; // gone, or another pod by now
    throw error;
  }
}

function add(path: string[], value: unknown): PatchOperation {
  return { op: 'add', path: pointer(...path), value };
}
