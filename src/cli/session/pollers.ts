import {
  isGrpcDeadlineError,
  isGrpcServiceError,
  ServiceError,
  type WorkflowHandle,
  WorkflowUpdateRPCTimeoutOrCancelledError,
} from '@temporalio/client';
import { DEFAULT_CLUSTER } from '../../ground/cluster-name.js';
import { lastPoll } from '../../operate/unserved.js';
import { workerCommand } from '../../temporal/names.js';
import { RECENT_MS, WORKFLOWS } from '../../temporal/pollers.js';
import { CliError } from '../exit-codes.js';
import type { Session } from './connect.js';
import { attributeOf } from './end.js';

/** Whether anybody is there to answer: what Temporal knows of the workers that poll a task queue. */

type Description = Awaited<ReturnType<WorkflowHandle['describe']>>;

/** gRPC status: Temporal says so where it knows of no worker, or of one that fails. */
const FAILED_PRECONDITION = 9;

/** A worker that dies leaves a cached workflow behind, past which a query has to come (5 s). */
const ANSWER_MS = 15_000;

/**
 * Asks a rotation something that only a worker can answer.
 * @throws CliError with what to start, when there is none
 */
export async function answered<T>(
  session: Pick<Session, 'server' | 'address'>,
  handle: WorkflowHandle,
  ask: () => Promise<T>,
): Promise<T> {
  const description = await handle.describe();
  const seen =
    description.status.name === 'RUNNING' ? await lastPoll(handle, description.taskQueue, WORKFLOWS) : new Date();
  if (!seen || Date.now() - seen.getTime() > RECENT_MS) throw unserved(session, description, 'no worker polls');
  try {
    return await handle.client.connection.withDeadline(Date.now() + ANSWER_MS, ask);
  } catch (error) {
    if (!isUnserved(error)) throw error;
    throw unserved(session, description, `no worker has answered within ${ANSWER_MS / 1000}s from`);
  }
}

function unserved(
  { server, address }: Pick<Session, 'server' | 'address'>,
  description: Description,
  what: string,
): CliError {
  const { workflowId, taskQueue } = description;
  const cluster = attributeOf(description, 'RerootCluster') ?? DEFAULT_CLUSTER;
  const phase = attributeOf(description, 'RerootPhase');
  const command = server === 'embedded' ? `reroot rotate --cluster ${cluster}` : workerCommand(taskQueue, cluster);
  return new CliError(
    `${what} task queue ${taskQueue} of Temporal ${address}: rotation ${workflowId} stands${phase ? ` in phase ${phase}` : ''} ` +
      `until one does. Start one: \`${command}\`; the rotation goes on by itself`,
  );
}

/** Temporal itself says that no worker came for what was asked; any other refusal is the rotation's own word. */
function isUnserved(error: unknown): boolean {
  if (error instanceof WorkflowUpdateRPCTimeoutOrCancelledError) return true;
  const cause = error instanceof ServiceError ? error.cause : error;
  return isGrpcDeadlineError(cause) || (isGrpcServiceError(cause) && cause.code === FAILED_PRECONDITION);
}
