import type {
  V1DaemonSet,
  V1Deployment,
  V1ObjectMeta,
  V1PodTemplateSpec,
  V1StatefulSet,
} from '@kubernetes/client-node';
import type { WorkloadSnapshot } from '../rotation/rollout.js';
import type { Kubernetes } from './client.js';
import { listAll } from './list.js';
import { isLostRace, type PatchOperation, pointer } from './patch.js';

/** A controller that can be rolled by changing its pod template. */
export interface Workload extends WorkloadSnapshot {
  namespace: string;
  name: string;
  uid: string;
  generation: number;
  templateAnnotations: boolean;
  annotations: boolean;
}

/** Names of the annotations that a roll writes. */
export interface MarkNames {
  mark: string;
  markedAt: string;
}

/** Every Deployment, StatefulSet and DaemonSet of a namespace, by `Kind/name`. */
export async function listWorkloads(
  k8s: Kubernetes,
  namespace: string,
  names: MarkNames,
): Promise<Map<string, Workload>> {
  const [deployments, statefulSets, daemonSets] = await Promise.all([
    listAll(
      (page) => k8s.apps.listNamespacedDeployment({ ...page, namespace }),
      (item) => deployment(item, names),
    ),
    listAll(
      (page) => k8s.apps.listNamespacedStatefulSet({ ...page, namespace }),
      (item) => statefulSet(item, names),
    ),
    listAll(
      (page) => k8s.apps.listNamespacedDaemonSet({ ...page, namespace }),
      (item) => daemonSet(item, names),
    ),
  ]);
  const all = [...deployments, ...statefulSets, ...daemonSets];
  return new Map(all.map((workload) => [`${workload.kind}/${workload.name}`, workload]));
}

/**
 * Rolls a workload as `kubectl rollout restart` does, by an annotation on its pod template. The value is the same for
 * every try, so a second patch changes nothing; the generation is tested, so a template that somebody changed meanwhile
 * is looked at again first.
 * @returns false when the workload changed since it was read
 */
export async function rollWorkload(
  k8s: Kubernetes,
  workload: Workload,
  names: MarkNames,
  mark: string,
  manager: string,
): Promise<boolean> {
  const template = ['spec', 'template', 'metadata', 'annotations'];
  const body: PatchOperation[] = [
    { op: 'test', path: '/metadata/uid', value: workload.uid },
    { op: 'test', path: '/metadata/generation', value: workload.generation },
    ...(workload.templateAnnotations ? [] : [add(template, {})]),
    add([...template, names.mark], mark),
    ...(workload.annotations ? [] : [add(['metadata', 'annotations'], {})]),
    add(['metadata', 'annotations', names.markedAt], new Date().toISOString()),
  ];
  const request = { name: workload.name, namespace: workload.namespace, body, fieldManager: manager };
  try {
    if (workload.kind === 'Deployment') await k8s.apps.patchNamespacedDeployment(request);
    else if (workload.kind === 'StatefulSet') await k8s.apps.patchNamespacedStatefulSet(request);
    else await k8s.apps.patchNamespacedDaemonSet(request);
    return true;
  } catch (error) {
    if (isLostRace(error)) return false;
    throw error;
  }
}

function add(path: string[], value: unknown): PatchOperation {
  return { op: 'add', path: pointer(...path), value };
}

function common(
  kind: string,
  object: { metadata?: V1ObjectMeta; spec?: { template: V1PodTemplateSpec } },
  names: MarkNames,
): Omit<Workload, 'rolledOut'> {
  const { metadata = {}, spec } = object;
  const mark = spec?.template.metadata?.annotations?.[names.mark];
  const markedAt = metadata.annotations?.[names.markedAt];
  return {
    kind,
    namespace: metadata.namespace ?? '',
    name: metadata.name ?? '',
    uid: metadata.uid ?? '',
    generation: metadata.generation ?? 0,
    templateAnnotations: spec?.template.metadata?.annotations !== undefined,
    annotations: metadata.annotations !== undefined,
    ...(mark ? { mark } : {}),
    ...(markedAt ? { markedAt } : {}),
  };
}

/** The rules of `kubectl rollout status` (kubectl pkg/polymorphichelpers/rollout_status.go). */
function deployment(object: V1Deployment, names: MarkNames): Workload {
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
    ...common('Deployment', object, names),
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

function statefulSet(object: V1StatefulSet, names: MarkNames): Workload {
  const { spec, status, metadata } = object;
  const wanted = spec?.replicas ?? 1;
  const updated =
    status?.currentRevision === status?.updateRevision ? (status?.replicas ?? 0) : (status?.updatedReplicas ?? 0);
  const waitingFor = firstOf(
    (status?.observedGeneration ?? 0) < (metadata?.generation ?? 0) && 'the controller has not seen the change yet',
    updated < wanted && `${updated} of ${wanted} pods are of the new revision`,
    (status?.readyReplicas ?? 0) < wanted && `${status?.readyReplicas ?? 0} of ${wanted} pods are ready`,
  );
  const partition = spec?.updateStrategy?.rollingUpdate?.partition ?? 0;
  const unrollable =
    spec?.updateStrategy?.type === 'OnDelete'
      ? onDelete('StatefulSet')
      : partition > 0
        ? {
            reason: 'StatefulSetPartition',
            message: `its update strategy keeps pods below ordinal ${partition} as they are`,
            hint: 'set the partition to 0 for the rotation, or `waive` it',
          }
        : undefined;
  return {
    ...common('StatefulSet', object, names),
    rolledOut: waitingFor === undefined,
    ...(waitingFor ? { waitingFor } : {}),
    ...(unrollable ? { unrollable } : {}),
  };
}

function daemonSet(object: V1DaemonSet, names: MarkNames): Workload {
  const { spec, status, metadata } = object;
  const wanted = status?.desiredNumberScheduled ?? 0;
  const updated = status?.updatedNumberScheduled ?? 0;
  const waitingFor = firstOf(
    (status?.observedGeneration ?? 0) < (metadata?.generation ?? 0) && 'the controller has not seen the change yet',
    updated < wanted && `${updated} of ${wanted} nodes have the new pod`,
    (status?.numberAvailable ?? 0) < wanted && `${status?.numberAvailable ?? 0} of ${wanted} pods are available`,
  );
  return {
    ...common('DaemonSet', object, names),
    rolledOut: waitingFor === undefined,
    ...(waitingFor ? { waitingFor } : {}),
    ...(spec?.updateStrategy?.type === 'OnDelete' ? { unrollable: onDelete('DaemonSet') } : {}),
  };
}

function onDelete(kind: string) {
  return {
    reason: 'UpdateOnDelete',
    message: `the ${kind}'s update strategy is OnDelete: its pods are replaced only when somebody deletes them`,
    hint: 'delete its pods one by one, or `waive` it',
  };
}

function firstOf(...candidates: (string | false)[]): string | undefined {
  return candidates.find((candidate) => candidate !== false) || undefined;
}
