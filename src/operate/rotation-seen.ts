import { Client, WorkflowNotFoundError, type WorkflowHandle } from '@temporalio/client';
import { present } from '../ground/present.js';
import { type LeaseHolder, shownHolder } from '../records/lease.js';
import { isClosed } from '../rotation/lease-holder.js';
import type { RotationSeen } from '../rotation/overview.js';
import type { RotationStatus } from '../rotation/status.js';
import { isNoAnswer } from '../temporal/answers.js';
import type { Problems } from './problems.js';
import { type Progress, progressOf } from './progress.js';

/** The rotation that holds the Lease, as its Temporal server knows it. */

/** A query waits for a worker: this long. */
const ANSWER_MS = 10_000;
const PART = 'How the rotation stands';

/** Whose rotation it is, and whether it holds the Lease still. */
export type Holder = Pick<LeaseHolder, 'workflowId' | 'runId' | 'temporalNamespace'>;

type Description = Awaited<ReturnType<WorkflowHandle['describe']>>;

export interface RotationReader {
  /**
   * The holder's rotation; where nobody holds the Lease any more, the last one if it has ended without a report.
   * @throws ServiceError when the server does not answer
   */
  read(holder: Holder, isHeld: boolean): Promise<RotationSeen | undefined>;
}

/**
 * Asks only what may have changed: a workflow is described, and asked for its status when its history has grown.
 * @param temporal absent: nobody is asked
 */
export function rotationReader(temporal: Client | undefined, problems: Problems): RotationReader {
  const status = statusReader();
  const read = async (client: Client, holder: Holder, isHeld: boolean): Promise<RotationSeen | undefined> => {
    const handle = client.workflow.getHandle(holder.workflowId);
    const description = await described(handle);
    if (!description || !isOf(description, holder)) {
      problems.say(PART, isHeld ? unknownText(holder) : undefined);
      return isHeld ? named(holder) : undefined;
    }
    const { progress, isAnswered } = await status(handle, description);
    const isOver = isClosed(description.status.name);
    problems.say(PART, problemOf(holder, { isOver, isHeld, isAnswered }));
    if (isOver && !isHeld && !isUnreported(progress?.status, description.status.name)) return undefined;
    return { ...named(holder), ...(progress ? shown(progress) : {}) };
  };
  return {
    read: async (holder, isHeld) => {
      if (!temporal) return isHeld ? named(holder) : undefined;
      return await read(inNamespace(temporal, holder.temporalNamespace), holder, isHeld);
    },
  };
}

function inNamespace(temporal: Client, namespace: string): Client {
  if (namespace === '' || namespace === temporal.options.namespace) return temporal;
  return new Client({ connection: temporal.connection, namespace });
}

async function described(handle: WorkflowHandle): Promise<Description | undefined> {
  try {
    return await handle.describe();
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return undefined;
    throw error;
  }
}

/** The Lease names the first run; one that continued as new, or was reset, is of the same chain. */
function isOf({ raw }: Description, { runId }: Holder): boolean {
  const first = raw.workflowExecutionInfo?.firstRunId;
  return !first || first === runId;
}

/** Remembers what a workflow has answered until its history grows. */
function statusReader() {
  let known: { runId: string; length: number; status: RotationStatus } | undefined;
  return async (handle: WorkflowHandle, description: Description) => {
    const { runId, historyLength: length, status } = description;
    const isCurrent = known?.runId === runId && known.length === length;
    const answer = isCurrent ? undefined : await asked(handle);
    if (answer) known = { runId, length, status: ended(answer, status.name) };
    // of the same run the last answer is better than none
    const progress = known?.runId === runId ? await progressOf(handle, description, known.status) : undefined;
    return { progress, isAnswered: isCurrent || answer !== undefined };
  };
}

/** @returns undefined when no worker answers */
async function asked(handle: WorkflowHandle): Promise<RotationStatus | undefined> {
  try {
    const ask = async () => await handle.query<RotationStatus>('status');
    return await handle.client.connection.withDeadline(Date.now() + ANSWER_MS, ask);
  } catch (error) {
    if (isNoAnswer(error)) return undefined;
    throw error;
  }
}

const OUTCOMES: Partial<Record<string, RotationStatus['outcome']>> = { COMPLETED: 'completed', CANCELLED: 'cancelled' };

/** Who was terminated could not say so. */
function ended(status: RotationStatus, name: string): RotationStatus {
  if (status.outcome !== 'running' || !isClosed(name)) return status;
  return { ...status, outcome: OUTCOMES[name] ?? 'failed' };
}

/** An abort before anything was written leaves no report either: its workflow has failed. */
function isUnreported(status: RotationStatus | undefined, name: string): boolean {
  const outcome = status?.outcome;
  return outcome === 'failed' || outcome === 'cancelled' || (outcome === 'aborted' && name === 'FAILED');
}

/** All that is known without an answer. */
export function named(holder: Holder): RotationSeen {
  const { workflowId, runId } = shownHolder({ ...holder, temporalNamespaceId: '', temporalAddress: '' });
  return { workflowId, runId };
}

function shown({ status, live }: Progress): Pick<RotationSeen, 'status' | 'renewal' | 'rollout'> {
  const { namespaces, renewal, rollout } = live;
  return {
    status: { ...status, namespaces },
    ...present({ renewal, rollout: rollout && present(picked(rollout)) }),
  };
}

function picked({ inFlight, budget, slowed }: NonNullable<RotationSeen['rollout']>) {
  return { inFlight, budget, slowed };
}

function unknownText(holder: Holder): string {
  const { workflowId, temporalNamespace } = shownHolder({ ...holder, temporalNamespaceId: '', temporalAddress: '' });
  return (
    `Lease reroot names rotation ${workflowId} of Temporal namespace ${temporalNamespace}, which this Temporal server does ` +
    'not know (any more): how it stands is not shown.'
  );
}

function problemOf(
  holder: Holder,
  { isOver, isHeld, isAnswered }: { isOver: boolean; isHeld: boolean; isAnswered: boolean },
): string | undefined {
  const { workflowId } = named(holder);
  if (isOver && isHeld)
    return `Rotation ${workflowId} has ended and still holds Lease reroot: the next rotation takes it over.`;
  return isAnswered || isOver ? undefined : `No worker has answered how rotation ${workflowId} stands.`;
}
