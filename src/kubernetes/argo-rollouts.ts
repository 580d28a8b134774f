import type { V1ObjectMeta, V1PodTemplateSpec } from '@kubernetes/client-node';
import { present } from '../ground/present.js';
import { ofPods } from './rollout-speed.js';
import {
  common,
  counts,
  firstOf,
  oldPodsRemain,
  progress,
  said,
  UNSEEN,
  type Workload,
  type WorkloadReading,
} from './workload.js';

/**
 * Argo Rollouts. They are restarted by their documented verb: `kubectl argo rollouts restart` writes `spec.restartAt`;
 * the controller replaces the pods created before that time, in the middle of a canary too, skips all steps, and repeats
 * the time as `status.restartedAt` (argo-rollouts rollout/restart.go, docs/features/restart.md). A change of the template
 * is a new revision instead, with every step and pause of its strategy.
 */
export const ROLLOUTS = { group: 'argoproj.io', version: 'v1alpha1', plural: 'rollouts' } as const;

/** What is read of a Rollout, as JSON has it. */
export interface Rollout {
  metadata?: V1ObjectMeta;
  spec?: {
    replicas?: number;
    minReadySeconds?: number;
    template?: V1PodTemplateSpec;
    restartAt?: string;
    paused?: boolean;
  };
  status?: {
    /** The generation as text; a hash before 0.10. */
    observedGeneration?: string;
    restartedAt?: string;
    replicas?: number;
    updatedReplicas?: number;
    availableReplicas?: number;
    phase?: string;
    message?: string;
    pauseConditions?: { reason?: string }[];
  };
}

export function rollout(object: Rollout, reading: WorkloadReading): Workload {
  const { metadata, spec } = object;
  const mark = metadata?.annotations?.[reading.mark];
  const inTemplate = spec?.template?.metadata?.annotations?.[reading.mark];
  const waitingFor = withExplanation(object, waitsFor(object, mark !== undefined && inTemplate === mark));
  return {
    ...common({ kind: 'Rollout', metadata, template: spec?.template }, reading),
    wanted: wantedOf(object),
    // a restart evicts pods as far as maxUnavailable allows, one at the least (argo-rollouts rollout/restart.go)
    speed: { ...ofPods(spec), atOnce: 1, oldGoesFirst: true },
    ...progress(waitingFor),
    restartPath: ['spec', 'restartAt'],
    ...present({ mark: said(mark), failed: isDegraded(object) ? waitingFor : undefined }),
  };
}

function wantedOf({ spec }: Rollout): number {
  return spec?.replicas ?? 1;
}

/** A new revision is under way when the template carries the mark too; else it is a restart. */
function waitsFor(object: Rollout, newRevision: boolean): string | undefined {
  const wanted = wantedOf(object);
  const { availableReplicas } = counts(object.status, 'availableReplicas');
  return firstOf(
    isUnseen(object) && UNSEEN,
    ...(newRevision ? revisionWaits(object, wanted) : restartWaits(object)),
    availableReplicas < wanted && `${availableReplicas} of ${wanted} pods are available`,
  );
}

function revisionWaits({ status }: Rollout, wanted: number) {
  const { replicas, updatedReplicas } = counts(status, 'replicas', 'updatedReplicas');
  return [
    updatedReplicas < wanted && `${updatedReplicas} of ${wanted} new pods exist`,
    replicas > updatedReplicas && oldPodsRemain(replicas - updatedReplicas),
  ];
}

function restartWaits({ spec, status }: Rollout) {
  const done = isRestarted(spec?.restartAt, status?.restartedAt);
  return [!done && `the pods created before ${said(spec?.restartAt)} are being restarted`];
}

function isUnseen({ metadata, status }: Rollout): boolean {
  const observed = status?.observedGeneration;
  if (observed === undefined) return true;
  return /^\d+$/.test(observed) && Number(observed) < (metadata?.generation ?? 0);
}

function isDegraded({ status }: Rollout): boolean {
  return status?.phase === 'Degraded';
}

function isRestarted(wanted: string | undefined, done: string | undefined): boolean {
  return wanted === undefined || (done !== undefined && Date.parse(done) >= Date.parse(wanted));
}

function withExplanation(object: Rollout, waitingFor: string | undefined): string | undefined {
  return waitingFor && [waitingFor, said(explanation(object))].filter(Boolean).join(': ');
}

/** Why it stands still, in the controller's own words: a step of a canary that a person has to promote, for example. */
function explanation({ spec, status }: Rollout): string | undefined {
  const { message, pauseConditions = [] } = status ?? {};
  const reasons = pauseConditions.flatMap(({ reason }) => reason ?? []).join(', ');
  if (!reasons) return message || (spec?.paused ? 'paused' : undefined);
  return message && message !== reasons ? `paused (${reasons}: ${message})` : `paused (${reasons})`;
}

/**
 * The time to restart at. Creation times have whole seconds and the controller spares a pod of the same second, so it is
 * the next second: pods of this one are replaced too.
 */
export function restartTime(now: Date): string {
  const next = new Date((Math.floor(now.getTime() / 1000) + 1) * 1000);
  return next.toISOString().replace('.000Z', 'Z');
}
