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
import { byEviction, common, firstOf, TEMPLATE, type Workload, type WorkloadReading } from './workload.js';

/** How far each of Kubernetes' own controllers is with its pods, and what replaces them. */

/** The rules of `kubectl rollout status` (kubectl pkg/polymorphichelpers/rollout_status.go). */
export function deployment(object: V1Deployment, reading: WorkloadReading): Workload {
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

export function statefulSet(object: V1StatefulSet, reading: WorkloadReading): Workload {
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

export function daemonSet(object: V1DaemonSet, reading: WorkloadReading): Workload {
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

export function replicaSet(object: V1ReplicaSet, reading: WorkloadReading): Workload {
  return bare('ReplicaSet', object.metadata, object.spec?.template, object.spec?.replicas, object.status, reading);
}

export function replicationController(object: V1ReplicationController, reading: WorkloadReading): Workload {
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
export function cronJob({ metadata, spec }: V1CronJob, reading: WorkloadReading): Workload {
  const path = ['spec', 'jobTemplate', ...TEMPLATE];
  return {
    ...common('CronJob', metadata, spec?.jobTemplate.spec?.template, reading, path),
    rolledOut: true,
    replacement: 'next run',
  };
}
