import type {
  V1CronJob,
  V1DaemonSet,
  V1Deployment,
  V1ObjectMeta,
  V1PodTemplateSpec,
  V1ReplicaSet,
  V1ReplicationController,
  V1StatefulSet,
} from '@kubernetes/client-node';
import type { WorkloadSnapshot } from '../rotation/rollout.js';
import type { Kubernetes } from './client.js';
import { isKubernetesError } from './errors.js';
import { listAll } from './list.js';
import { isLostRace, type PatchOperation, pointer } from './patch.js';

/** A controller whose pod template can be changed. */
export interface Workload extends WorkloadSnapshot {
  namespace: string;
  name: string;
  uid: string;
  generation: number;
  /** Where its pod template is, as parts of a JSON Patch path. */
  templatePath: readonly string[];
  templateAnnotations: boolean;
  annotations: boolean;
  /** What has to change in its template beside the mark, each with its own `test`. */
  edits: PatchOperation[];
}

/** How a listing reads templates, and how a roll marks them. */
export interface WorkloadReading {
  /** Names of the annotations that a roll writes. */
  mark: string;
  markedAt: string;
  /** What has to change in a pod template. Default: nothing. */
  edits?(template: V1PodTemplateSpec | undefined, path: readonly string[]): PatchOperation[];
}

/** Kinds of controllers with a pod template. */
export const WORKLOAD_KINDS = [
  'Deployment',
  'StatefulSet',
  'DaemonSet',
  'ReplicaSet',
  'ReplicationController',
  'CronJob',
] as const;

export function isWorkloadKind(kind: string): boolean {
  return (WORKLOAD_KINDS as readonly string[]).includes(kind);
}

/** Every controller with a pod template of a namespace, or of all; those owned by another controller are left out. */
export async function listWorkloads(
  { apps, core, batch }: Kubernetes,
  namespace: string | undefined,
  reading: WorkloadReading,
  kinds: ReadonlySet<string> = new Set(WORKLOAD_KINDS),
): Promise<Workload[]> {
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
 * Changes a workload's template: the mark, as `kubectl rollout restart` does by an annotation, and its edits. The mark is
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
  const body: PatchOperation[] = [
    { op: 'test', path: '/metadata/uid', value: workload.uid },
    ...(workload.generation > 0
      ? [{ op: 'test' as const, path: '/metadata/generation', value: workload.generation }]
      : []),
    ...workload.edits,
    ...(workload.templateAnnotations ? [] : [add(template, {})]),
    add([...template, reading.mark], mark),
    ...(workload.annotations ? [] : [add(['metadata', 'annotations'], {})]),
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

const TEMPLATE = ['spec', 'template'] as const;

function common(
  kind: string,
  metadata: V1ObjectMeta = {},
  template: V1PodTemplateSpec | undefined,
  reading: WorkloadReading,
  templatePath: readonly string[] = TEMPLATE,
): Omit<Workload, 'rolledOut'> {
  const mark = template?.metadata?.annotations?.[reading.mark];
  const markedAt = metadata.annotations?.[reading.markedAt];
  return {
    kind,
    namespace: metadata.namespace ?? '',
    name: metadata.name ?? '',
    uid: metadata.uid ?? '',
    generation: metadata.generation ?? 0,
    templatePath,
    templateAnnotations: template?.metadata?.annotations !== undefined,
    annotations: metadata.annotations !== undefined,
    edits: reading.edits?.(template, templatePath) ?? [],
    replacement: 'rollout',
    ...(mark ? { mark } : {}),
    ...(markedAt ? { markedAt } : {}),
  };
}

/** The rules of `kubectl rollout status` (kubectl pkg/polymorphichelpers/rollout_status.go). */
function deployment(object: V1Deployment, reading: WorkloadReading): Workload {
  const { spec, status = {}, metadata } = object;
  const wanted = spec?.replicas ?? 1;
  const updated = status.updatedReplicas ?? 0;
  const waitingFor = firstOf(
    (status.observedGeneration ?? 0) < (metadata?.generation ?? 0) && 'the controller has not seen the change yet',
    updated < wanted && `${updated} of ${wanted} new pods exist`,
    (status.replicas ?? 0) > updated && `${(status.replicas ?? 0) - updated} old pods remain`,
    (status.availableReplicas ?? 0) < updated &&
      `${status.availableReplicas ?? 0} of ${updated} new pods are available`,
  );
  const condition = (type: string) => status.conditions?.find((candidate) => candidate.type === type);
  const failure = condition('ReplicaFailure')?.message;
  const late = condition('Progressing')?.reason === 'ProgressDeadlineExceeded';
  const failed =
    late && waitingFor ? [condition('Progressing')?.message, failure].filter(Boolean).join(' ') : undefined;
  return {
    ...common('Deployment', metadata, spec?.template, reading),
    rolledOut: waitingFor === undefined,
    ...(failed ? { failed } : {}),
    ...(waitingFor ? { waitingFor: failure ? `${waitingFor}: ${failure}` : waitingFor } : {}),
    ...(spec?.paused
      ? {
          unrollable: {
            reason: 'DeploymentPaused',
            message: 'the Deployment is paused, so a change of its template does not replace its pods',
            hint: 'resume it with `kubectl rollout resume`, or `waive` it',
          },
        }
      : {}),
  };
}

function statefulSet(object: V1StatefulSet, reading: WorkloadReading): Workload {
  const { spec, status, metadata } = object;
  const wanted = spec?.replicas ?? 1;
  const updated =
    status?.currentRevision === status?.updateRevision ? (status?.replicas ?? 0) : (status?.updatedReplicas ?? 0);
  const onDelete = spec?.updateStrategy?.type === 'OnDelete';
  const partition = spec?.updateStrategy?.rollingUpdate?.partition ?? 0;
  const evicted = onDelete || partition > 0;
  const waitingFor = firstOf(
    (status?.observedGeneration ?? 0) < (metadata?.generation ?? 0) && 'the controller has not seen the change yet',
    !evicted && updated < wanted && `${updated} of ${wanted} pods are of the new revision`,
    (status?.readyReplicas ?? 0) < wanted && `${status?.readyReplicas ?? 0} of ${wanted} pods are ready`,
  );
  return {
    ...common('StatefulSet', metadata, spec?.template, reading),
    rolledOut: waitingFor === undefined,
    ...(waitingFor ? { waitingFor } : {}),
    ...(onDelete ? byEviction('its update strategy is OnDelete') : {}),
    ...(partition > 0 ? byEviction(`its update strategy keeps pods below ordinal ${partition} as they are`) : {}),
  };
}

function daemonSet(object: V1DaemonSet, reading: WorkloadReading): Workload {
  const { spec, status, metadata } = object;
  const wanted = status?.desiredNumberScheduled ?? 0;
  const updated = status?.updatedNumberScheduled ?? 0;
  const onDelete = spec?.updateStrategy?.type === 'OnDelete';
  const waitingFor = firstOf(
    (status?.observedGeneration ?? 0) < (metadata?.generation ?? 0) && 'the controller has not seen the change yet',
    !onDelete && updated < wanted && `${updated} of ${wanted} nodes have the new pod`,
    (status?.numberAvailable ?? 0) < wanted && `${status?.numberAvailable ?? 0} of ${wanted} pods are available`,
  );
  return {
    ...common('DaemonSet', metadata, spec?.template, reading),
    rolledOut: waitingFor === undefined,
    ...(waitingFor ? { waitingFor } : {}),
    ...(onDelete ? byEviction('its update strategy is OnDelete') : {}),
  };
}

function replicaSet(object: V1ReplicaSet, reading: WorkloadReading): Workload {
  return bare('ReplicaSet', object.metadata, object.spec?.template, object.spec?.replicas, object.status, reading);
}

function replicationController(object: V1ReplicationController, reading: WorkloadReading): Workload {
  const { metadata, spec, status } = object;
  return bare('ReplicationController', metadata, spec?.template, spec?.replicas, status, reading);
}

function bare(
  kind: string,
  metadata: V1ObjectMeta | undefined,
  template: V1PodTemplateSpec | undefined,
  replicas = 1,
  status: { readyReplicas?: number } | undefined,
  reading: WorkloadReading,
): Workload {
  const ready = status?.readyReplicas ?? 0;
  return {
    ...common(kind, metadata, template, reading),
    rolledOut: ready >= replicas,
    ...(ready < replicas ? { waitingFor: `${ready} of ${replicas} pods are ready` } : {}),
    ...byEviction(`a ${kind} does not replace its pods when its template changes`),
  };
}

/** Only its template matters: the next run is made from it. Pods of a run are those of a Job. */
function cronJob({ metadata, spec }: V1CronJob, reading: WorkloadReading): Workload {
  const path = ['spec', 'jobTemplate', ...TEMPLATE];
  return {
    ...common('CronJob', metadata, spec?.jobTemplate.spec?.template, reading, path),
    rolledOut: true,
    replacement: 'next run',
  };
}

function byEviction(why: string): Pick<Workload, 'replacement' | 'evictionBecause'> {
  return { replacement: 'eviction', evictionBecause: why };
}

function firstOf(...candidates: (string | false)[]): string | undefined {
  return candidates.find((candidate) => candidate !== false) || undefined;
}
