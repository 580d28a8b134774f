import { defaultPayloadConverter } from '@temporalio/common';
import type { WorkflowHandle } from '@temporalio/client';
import { present } from '../ground/present.js';
import type { RenewalState } from '../rotation/renewal.js';
import type { NamespaceProgress, RolloutProgress } from '../rotation/rollout-payloads.js';
import type { RotationStatus } from '../rotation/status.js';
import { unservedSteps } from './unserved.js';

/** An activity that is under way, as the server knows it. */
export interface Activity {
  type: string;
  attempt: number;
  lastFailure?: string;
}

/** What is newer than the workflow's own status: the heartbeats of its running activities. */
export interface LiveProgress {
  namespaces: RotationStatus['namespaces'];
  activities: Activity[];
  /** While proxies renew by themselves: how many have. */
  renewal?: RenewalState;
  /** While many namespaces are rolled: how many pods at a time. */
  rollout?: Pick<RolloutProgress, 'inFlight' | 'budget' | 'slowed'>;
}

type Description = Awaited<ReturnType<WorkflowHandle['describe']>>;

/** A rotation's status, and what goes on beside it. */
export interface Progress {
  status: RotationStatus;
  live: LiveProgress;
}

/**
 * Asks the workflow for its status and the server for the heartbeats of what runs now.
 * @throws ServiceError while no worker answers
 */
export async function readProgress(handle: WorkflowHandle): Promise<Progress> {
  const [status, description] = await Promise.all([handle.query<RotationStatus>('status'), handle.describe()]);
  return await progressOf(handle, description, status);
}

/** The same, of a status that is known. */
export async function progressOf(
  handle: WorkflowHandle,
  description: Description,
  known: RotationStatus,
): Promise<Progress> {
  const unserved = await unservedSteps(handle, description, known);
  const status = unserved ? { ...known, alerts: [...(known.alerts ?? []), unserved] } : known;
  return { status, live: liveProgress(description, status) };
}

/** What the heartbeats say. */
function liveProgress(description: Pick<Description, 'raw'>, status: RotationStatus): LiveProgress {
  const pending = description.raw.pendingActivities ?? [];
  const details = pending.map(({ heartbeatDetails }): unknown => {
    const [payload] = heartbeatDetails?.payloads ?? [];
    return payload ? defaultPayloadConverter.fromPayload(payload) : undefined;
  });
  const heartbeats = details.filter(isNamespaceProgress);
  const renewal = details.find(isRenewalState);
  const rollout = details.find(isRolloutProgress);
  const namespaces = status.namespaces.map((known) => {
    const isOf = ({ namespace, phase }: NamespaceProgress) => namespace === known.namespace && phase === known.phase;
    const newer = heartbeats.find(isOf);
    if (newer && known.state === 'running') return { ...known, ...newer };
    return rollout?.shown.find(isOf) ?? known;
  });
  const activities = pending.map(({ activityType, attempt, lastFailure }) => ({
    type: activityType?.name ?? '',
    attempt: attempt ?? 1,
    ...present({ lastFailure: lastFailure?.message || undefined }),
  }));
  return { namespaces, activities, ...present({ renewal, rollout }) };
}

function isRenewalState(details: unknown): details is RenewalState {
  return typeof details === 'object' && details !== null && 'late' in details && 'proven' in details;
}

function isNamespaceProgress(details: unknown): details is NamespaceProgress {
  return (
    typeof details === 'object' &&
    details !== null &&
    'namespace' in details &&
    'proven' in details &&
    'workloads' in details
  );
}

function isRolloutProgress(details: unknown): details is RolloutProgress {
  return typeof details === 'object' && details !== null && 'inFlight' in details && 'shown' in details;
}
