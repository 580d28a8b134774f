import { activityInfo, ApplicationFailure, CancelledFailure, Context } from '@temporalio/activity';
import { isKubernetesError, type KubernetesErrorKind } from '../../src/kubernetes/errors.js';

/** Milliseconds between two signs of life of an activity; its heartbeat timeout is several of them (workflows/steps.ts). */
const HEARTBEAT_MS = 2000;

type Activity = (...args: never[]) => Promise<unknown>;

/**
 * Wraps every activity the same way: it heartbeats for as long as it runs, so that the death of its worker is noticed
 * in seconds, and its errors become failures that say whether a retry can help.
 */
export function withHeartbeat<T extends Record<string, Activity>>(activities: T): T {
  const wrapped = Object.entries(activities).map(([name, activity]) => [name, heartbeating(activity)] as const);
  return Object.fromEntries(wrapped) as T;
}

function heartbeating(activity: Activity): Activity {
  return async (...args) => {
    const alive = setInterval(() => Context.current().heartbeat(lastDetails.get(Context.current())), HEARTBEAT_MS);
    try {
      return await activity(...args);
    } catch (error) {
      throw asFailure(error);
    } finally {
      clearInterval(alive);
    }
  };
}

const lastDetails = new WeakMap<Context, unknown>();

/** Reports progress; it also rides on the signs of life until the next report. */
export function reportProgress(details: unknown): void {
  lastDetails.set(Context.current(), details);
  Context.current().heartbeat(details);
}

/**
 * Tries after which an answer is final that an API server also gives for some minutes: while it starts its view of roles is
 * not in step, and a token that was rotated is refused until it is read again.
 */
const PATIENCE: Partial<Record<KubernetesErrorKind, number>> = { Unauthorized: 10, Forbidden: 4 };

/** Final answers of the API server end the activity at once; anything else Temporal tries again. */
function asFailure(error: unknown): unknown {
  if (error instanceof ApplicationFailure || error instanceof CancelledFailure) return error;
  if (error instanceof Error && error.name === 'AbortError') return new CancelledFailure('the activity was cancelled');
  if (isForPerson(error)) return ApplicationFailure.nonRetryable(`${error.message} (${error.hint})`, error.reason);
  if (!isKubernetesError(error)) return error;
  return ApplicationFailure.create({
    message: error.message,
    type: `Kubernetes${error.kind}`,
    nonRetryable: !error.transient && activityInfo().attempt >= (PATIENCE[error.kind] ?? 0),
    cause: error,
    ...(error.retryAfterMs ? { nextRetryDelay: error.retryAfterMs } : {}),
  });
}

/** Errors that say what a person has to mend (`DetectionError`, `RecordError`): no retry can help. */
function isForPerson(error: unknown): error is Error & { reason: string; hint: string } {
  const { reason, hint } = error as { reason?: unknown; hint?: unknown };
  return error instanceof Error && typeof reason === 'string' && typeof hint === 'string';
}

/** Sleeps until the time is up; a cancelled activity stops here. */
export async function pause(milliseconds: number): Promise<void> {
  await Context.current().sleep(milliseconds);
}
