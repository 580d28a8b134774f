import type {
  V1CronJob,
  V1DaemonSet,
  V1Deployment,
  V1DeploymentStatus,
  V1ObjectMeta,
  V1ReplicaSet,
  V1ReplicationController,
  V1StatefulSet,
} from '@kubernetes/client-node';
import { present } from '../ground/present.js';
import { daemonSetSpeed, deploymentSpeed, evictionSpeed, statefulSetSpeed } from './rollout-speed.js';
import {
  byEviction,
  common,
  type Controller,
  counts,
  firstOf,
  oldPodsRemain,
  progress,
  said,
  TEMPLATE,
  UNSEEN,
  type Workload,
  type WorkloadReading,
} from './workload.js';

/**
 * How far each of Kubernetes' own controllers is with its pods, and what replaces them. What is waited for follows
 * `kubectl rollout status` (kubectl pkg/polymorphichelpers/rollout_status.go).
 */

const PAUSED = {
  reason: 'DeploymentPaused',
  message: 'the Deployment is paused, so a change of its template does not replace its pods',
  hint: 'resume it with `kubectl rollout resume`, or `waive` it',
};

const ON_DELETE = 'its update strategy is OnDelete';

export function deployment(object: V1Deployment, reading: WorkloadReading): Workload {
  const { metadata, spec, status } = object;
  const waitingFor = deploymentWaitsFor(object);
  const failure = said(conditionOf(status, 'ReplicaFailure')?.message);
  return {
    ...common({ kind: 'Deployment', metadata, template: spec?.template }, reading),
    wanted: spec?.replicas ?? 1,
    speed: deploymentSpeed(object),
    ...progress(waitingFor && failure ? `${waitingFor}: ${failure}` : waitingFor),
    ...present({
      failed: waitingFor && deadlineMessage(status),
      unrollable: spec?.paused ? PAUSED : undefined,
    }),
  };
}

function deploymentWaitsFor({ metadata, spec, status }: V1Deployment): string | undefined {
  const wanted = spec?.replicas ?? 1;
  const { replicas, updatedReplicas, availableReplicas } = counts(
    status,
    'replicas',
    'updatedReplicas',
    'availableReplicas',
  );
  return firstOf(
    isUnseen(metadata, status) && UNSEEN,
    updatedReplicas < wanted && `${updatedReplicas} of ${wanted} new pods exist`,
    replicas > updatedReplicas && oldPodsRemain(replicas - updatedReplicas),
    availableReplicas < updatedReplicas && `${availableReplicas} of ${updatedReplicas} new pods are available`,
  );
}

/** What a Deployment says when it has given up; its pods may have failed for a reason of their own. */
function deadlineMessage(status: V1DeploymentStatus | undefined): string | undefined {
  const progressing = conditionOf(status, 'Progressing');
  if (progressing?.reason !== 'ProgressDeadlineExceeded') return undefined;
  const messages = [progressing.message, conditionOf(status, 'ReplicaFailure')?.message];
  return said(messages.filter(Boolean).join(' ')) || undefined;
}

function conditionOf(status: V1DeploymentStatus | undefined, wanted: string) {
  return status?.conditions?.find(({ type }) => type === wanted);
}

export function statefulSet(object: V1StatefulSet, reading: WorkloadReading): Workload {
  const evictionBecause = statefulSetKeeps(object);
  return {
    ...common({ kind: 'StatefulSet', metadata: object.metadata, template: object.spec?.template }, reading),
    wanted: object.spec?.replicas ?? 1,
    speed: statefulSetSpeed(object),
    ...progress(statefulSetWaitsFor(object, evictionBecause !== undefined)),
    ...(evictionBecause && byEviction(evictionBecause)),
  };
}

/** Why it leaves old pods as they are, if it does. */
function statefulSetKeeps({ spec }: V1StatefulSet): string | undefined {
  const partition = spec?.updateStrategy?.rollingUpdate?.partition ?? 0;
  return firstOf(
    partition > 0 && `its update strategy keeps pods below ordinal ${partition} as they are`,
    isOnDelete(spec) && ON_DELETE,
  );
}

function statefulSetWaitsFor({ metadata, spec, status }: V1StatefulSet, evicted: boolean): string | undefined {
  const wanted = spec?.replicas ?? 1;
  const { replicas, updatedReplicas, readyReplicas } = counts(status, 'replicas', 'updatedReplicas', 'readyReplicas');
  // once all pods are of the new revision it is the current one, and nobody counts updated pods any more
  const updated = status?.currentRevision === status?.updateRevision ? replicas : updatedReplicas;
  return firstOf(
    isUnseen(metadata, status) && UNSEEN,
    !evicted && updated < wanted && `${updated} of ${wanted} pods are of the new revision`,
    readyReplicas < wanted && `${readyReplicas} of ${wanted} pods are ready`,
  );
}

export function daemonSet(object: V1DaemonSet, reading: WorkloadReading): Workload {
  const { metadata, spec, status } = object;
  return {
    ...common({ kind: 'DaemonSet', metadata, template: spec?.template }, reading),
    wanted: status?.desiredNumberScheduled ?? 0,
    speed: daemonSetSpeed(object),
    ...progress(daemonSetWaitsFor(object)),
    ...(isOnDelete(spec) && byEviction(ON_DELETE)),
  };
}

function daemonSetWaitsFor({ metadata, spec, status }: V1DaemonSet): string | undefined {
  const {
    desiredNumberScheduled: wanted,
    updatedNumberScheduled: updated,
    numberAvailable: available,
  } = counts(status, 'desiredNumberScheduled', 'updatedNumberScheduled', 'numberAvailable');
  return firstOf(
    isUnseen(metadata, status) && UNSEEN,
    !isOnDelete(spec) && updated < wanted && `${updated} of ${wanted} nodes have the new pod`,
    available < wanted && `${available} of ${wanted} pods are available`,
  );
}

export function replicaSet(object: V1ReplicaSet, reading: WorkloadReading): Workload {
  const { metadata, spec, status } = object;
  const controller = { kind: 'ReplicaSet', metadata, template: spec?.template };
  const counted = { wanted: spec?.replicas, ready: status?.readyReplicas };
  return { ...withoutRollout(controller, counted, reading), speed: evictionSpeed(object) };
}

export function replicationController(object: V1ReplicationController, reading: WorkloadReading): Workload {
  const { metadata, spec, status } = object;
  const controller = { kind: 'ReplicationController', metadata, template: spec?.template };
  const counted = { wanted: spec?.replicas, ready: status?.readyReplicas };
  return { ...withoutRollout(controller, counted, reading), speed: evictionSpeed(object) };
}

function withoutRollout(
  controller: Controller,
  { wanted = 1, ready = 0 }: { wanted: number | undefined; ready: number | undefined },
  reading: WorkloadReading,
): Workload {
  return {
    ...common(controller, reading),
    wanted,
    ...progress(firstOf(ready < wanted && `${ready} of ${wanted} pods are ready`)),
    ...byEviction(`a ${controller.kind} does not replace its pods when its template changes`),
  };
}

/** Only its template matters: the next run is made from it. Pods of a run are those of a Job. */
export function cronJob({ metadata, spec }: V1CronJob, reading: WorkloadReading): Workload {
  const templatePath = ['spec', 'jobTemplate', ...TEMPLATE];
  const template = spec?.jobTemplate.spec?.template;
  return {
    ...common({ kind: 'CronJob', metadata, template, templatePath }, reading),
    rolledOut: true,
    replacement: 'next run',
  };
}

function isOnDelete(spec: { updateStrategy?: { type?: string } } | undefined): boolean {
  return spec?.updateStrategy?.type === 'OnDelete';
}

function isUnseen(metadata: V1ObjectMeta | undefined, status: { observedGeneration?: number } | undefined): boolean {
  return counts(status, 'observedGeneration').observedGeneration < (metadata?.generation ?? 0);
}
