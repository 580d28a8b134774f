import type { ConfigurationOptions, V1ObjectMeta } from '@kubernetes/client-node';
import { type Rollout, rollout, ROLLOUTS } from './argo-rollouts.js';
import type { Kubernetes } from './client.js';
import { cronJob, daemonSet, deployment, replicaSet, replicationController, statefulSet } from './controllers.js';
import { type CustomObject, type CustomResource, listCustomVersioned } from './custom.js';
import { type Listed, listVersioned, type Page, type PageRequest } from './list.js';
import type { Source } from './mirror.js';
import { controllerOf, hasPodsThroughOthers } from './owners.js';
import type { PatchOperation } from './patch.js';
import type { Workload, WorkloadReading } from './workload.js';

/** A patch of one object. */
export interface PatchRequest {
  name: string;
  namespace: string;
  body: PatchOperation[];
  fieldManager: string;
}

/** A kind of controller with a pod template. */
export interface WorkloadKind {
  group: string;
  /** What permissions call it. */
  plural: string;
  /** It comes with a custom resource definition, which a cluster may not have. */
  custom: boolean;
  /** Those of a namespace, or of all; one that another of these rolls or runs is left out. */
  list(k8s: Kubernetes, namespace: string | undefined, reading: WorkloadReading): Promise<Listed<Workload>>;
  /** The same of all namespaces, for a watch. */
  source(k8s: Kubernetes, reading: WorkloadReading): Source<Workload>;
  patch(k8s: Kubernetes, request: PatchRequest): Promise<unknown>;
}

/** How a kind of Kubernetes itself is listed, read and patched. */
interface BuiltIn<T> extends Pick<WorkloadKind, 'group' | 'plural' | 'patch'> {
  listAll(k8s: Kubernetes, page: PageRequest, asJson: ConfigurationOptions): Promise<Page<T>>;
  listIn(k8s: Kubernetes, page: PageRequest & { namespace: string }, asJson: ConfigurationOptions): Promise<Page<T>>;
  read(object: T, reading: WorkloadReading): Workload;
}

/** Every kind that is listed and rolled. deploy/rbac allows to list and patch each. */
export const KINDS = {
  Deployment: builtIn({
    group: 'apps',
    plural: 'deployments',
    read: deployment,
    listAll: async ({ apps }, page, asJson) => await apps.listDeploymentForAllNamespaces(page, asJson),
    listIn: async ({ apps }, page, asJson) => await apps.listNamespacedDeployment(page, asJson),
    patch: async ({ apps }, request) => await apps.patchNamespacedDeployment(request),
  }),
  StatefulSet: builtIn({
    group: 'apps',
    plural: 'statefulsets',
    read: statefulSet,
    listAll: async ({ apps }, page, asJson) => await apps.listStatefulSetForAllNamespaces(page, asJson),
    listIn: async ({ apps }, page, asJson) => await apps.listNamespacedStatefulSet(page, asJson),
    patch: async ({ apps }, request) => await apps.patchNamespacedStatefulSet(request),
  }),
  DaemonSet: builtIn({
    group: 'apps',
    plural: 'daemonsets',
    read: daemonSet,
    listAll: async ({ apps }, page, asJson) => await apps.listDaemonSetForAllNamespaces(page, asJson),
    listIn: async ({ apps }, page, asJson) => await apps.listNamespacedDaemonSet(page, asJson),
    patch: async ({ apps }, request) => await apps.patchNamespacedDaemonSet(request),
  }),
  ReplicaSet: builtIn({
    group: 'apps',
    plural: 'replicasets',
    read: replicaSet,
    listAll: async ({ apps }, page, asJson) => await apps.listReplicaSetForAllNamespaces(page, asJson),
    listIn: async ({ apps }, page, asJson) => await apps.listNamespacedReplicaSet(page, asJson),
    patch: async ({ apps }, request) => await apps.patchNamespacedReplicaSet(request),
  }),
  ReplicationController: builtIn({
    group: '',
    plural: 'replicationcontrollers',
    read: replicationController,
    listAll: async ({ core }, page, asJson) => await core.listReplicationControllerForAllNamespaces(page, asJson),
    listIn: async ({ core }, page, asJson) => await core.listNamespacedReplicationController(page, asJson),
    patch: async ({ core }, request) => await core.patchNamespacedReplicationController(request),
  }),
  CronJob: builtIn({
    group: 'batch',
    plural: 'cronjobs',
    read: cronJob,
    listAll: async ({ batch }, page, asJson) => await batch.listCronJobForAllNamespaces(page, asJson),
    listIn: async ({ batch }, page, asJson) => await batch.listNamespacedCronJob(page, asJson),
    patch: async ({ batch }, request) => await batch.patchNamespacedCronJob(request),
  }),
  Rollout: custom(ROLLOUTS, (object, reading) => rollout(object as Rollout, reading)),
} satisfies Record<string, WorkloadKind>;

function builtIn<T extends { metadata?: V1ObjectMeta }>(kind: BuiltIn<T>): WorkloadKind {
  const { group, plural, patch } = kind;
  const list: WorkloadKind['list'] = async (k8s, namespace, reading) =>
    await listVersioned(
      async (page, asJson) =>
        namespace === undefined
          ? await kind.listAll(k8s, page, asJson)
          : await kind.listIn(k8s, { ...page, namespace }, asJson),
      (object) => ownRead(kind, object, reading),
    );
  const path = group === '' ? `/api/v1/${plural}` : `/apis/${group}/v1/${plural}`;
  return {
    group,
    plural,
    custom: false,
    list,
    source: (k8s, reading) => ({
      path,
      list: async () => await list(k8s, undefined, reading),
      read: (object) => ownRead(kind, object as T, reading),
    }),
    patch,
  };
}

/** undefined: another of these kinds rolls or runs it. */
function ownRead<T extends { metadata?: V1ObjectMeta }>(
  { read }: Pick<BuiltIn<T>, 'read'>,
  object: T,
  reading: WorkloadReading,
): Workload | undefined {
  return isOfAnother(object) ? undefined : read(object, reading);
}

function custom(resource: CustomResource, read: BuiltIn<CustomObject>['read']): WorkloadKind {
  const { group, version, plural } = resource;
  const list: WorkloadKind['list'] = async (k8s, namespace, reading) =>
    await listCustomVersioned(k8s, resource, namespace, (object) => ownRead({ read }, object, reading));
  return {
    group,
    plural,
    custom: true,
    list,
    source: (k8s, reading) => ({
      path: `/apis/${group}/${version}/${plural}`,
      list: async () => await list(k8s, undefined, reading),
      read: (object) => ownRead({ read }, object as CustomObject, reading),
    }),
    patch: async (k8s, request) => await k8s.custom.patchNamespacedCustomObject({ ...resource, ...request }),
  };
}

/** A ReplicaSet of a Deployment or an Argo Rollout. What an operator owns is not: it is rolled where it is. */
function isOfAnother({ metadata = {} }: { metadata?: V1ObjectMeta }): boolean {
  const owner = controllerOf(metadata);
  return owner !== undefined && hasPodsThroughOthers(owner);
}
