import type { V1ObjectMeta, V1PodTemplateSpec } from '@kubernetes/client-node';
import { common, firstOf, type Workload, type WorkloadReading } from './workload.js';

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
  spec?: { replicas?: number; template?: V1PodTemplateSpec; restartAt?: string; paused?: boolean };
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

export function rollout({ metadata, spec, status = {} }: Rollout, reading: WorkloadReading): Workload {
  const mark = metadata?.annotations?.[reading.mark];
  const newRevision = mark !== undefined && spec?.template?.metadata?.annotations?.[reading.mark] === mark;
  const wanted = spec?.replicas ?? 1;
  const { replicas = 0, updatedReplicas = 0, availableReplicas = 0 } = status;
  const waitingFor = firstOf(
    isUnseen(status.observedGeneration, metadata?.generation) && 'the controller has not seen the change yet',
    !newRevision &&
      !isRestarted(spec?.restartAt, status.restartedAt) &&
      `the pods created before ${spec?.restartAt} are being restarted`,
    newRevision && updatedReplicas < wanted && `${updatedReplicas} of ${wanted} new pods exist`,
    newRevision && replicas > updatedReplicas && `${replicas - updatedReplicas} old pods remain`,
    availableReplicas < wanted && `${availableReplicas} of ${wanted} pods are available`,
  );
  const because = waitingFor === undefined ? undefined : explanation(status, spec?.paused === true);
  const message = [waitingFor, because].filter(Boolean).join(': ');
  return {
    ...common('Rollout', metadata, spec?.template, reading),
    ...(mark ? { mark } : {}),
    restartPath: ['spec', 'restartAt'],
    rolledOut: waitingFor === undefined,
    ...(message ? { waitingFor: message } : {}),
    ...(message && status.phase === 'Degraded' ? { failed: message } : {}),
  };
}

function isUnseen(observed: string | undefined, generation = 0): boolean {
  return observed === undefined || (/^\d+$/.test(observed) && Number(observed) < generation);
}

function isRestarted(wanted: string | undefined, done: string | undefined): boolean {
  return wanted === undefined || (done !== undefined && Date.parse(done) >= Date.parse(wanted));
}

/** Why it stands still, in the controller's own words: a step of a canary that a person has to promote, for example. */
function explanation({ message, pauseConditions = [] }: NonNullable<Rollout['status']>, paused: boolean) {
  const reasons = pauseConditions.flatMap(({ reason }) => reason ?? []).join(', ');
  if (reasons) return `paused (${reasons}${message && message !== reasons ? `: ${message}` : ''})`;
  return message || (paused ? 'paused' : undefined);
}

/**
 * The time to restart at. Creation times have whole seconds and the controller spares a pod of the same second, so it is
 * the next second: pods of this one are replaced too.
 */
export function restartTime(now: Date): string {
  const next = new Date((Math.floor(now.getTime() / 1000) + 1) * 1000);
  return next.toISOString().replace('.000Z', 'Z');
}
