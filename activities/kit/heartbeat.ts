import { setTimeout as sleep } from 'node:timers/promises';
import { ApplicationFailure, asyncLocalStorage, CancelledFailure, Context } from '@temporalio/activity';
import { plain } from '../../src/ground/plain.js';
import { TemporalFailure } from '@temporalio/common';
import { StateError } from '../../src/ground/state-error.js';
import { isKubernetesError, type KubernetesError, type KubernetesErrorKind } from '../../src/kubernetes/errors.js';

/** Milliseconds between two signs of life of an activity; its heartbeat timeout is several of them (workflows/steps.ts). */
const HEARTBEAT_MS = 2000;

/** Characters of a failure's message: texts of the cluster are in it, and it stays in the history. */
const LONGEST_FAILURE = 2000;

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
      const result = await activity(...args);
      cancellation()?.throwIfAborted(); // it may have ended early, and be no more than a part
      return result;
    } catch (error) {
      throw asFailure(error);
    } finally {
      clearInterval(alive);
    }
  };
}

const lastDetails = new WeakMap<Context, unknown>();

/** Reports progress; it also rides on the signs of life until the next report. A look from a shell reports to nobody. */
export function reportProgress(details: unknown): void {
  const context = asyncLocalStorage.getStore();
  if (!context) return;
  lastDetails.set(context, details);
  context.heartbeat(details);
}

/** Final answers of the API server end the activity at once; anything else Temporal tries again. */
function asFailure(error: unknown): unknown {
  if (error instanceof ApplicationFailure || error instanceof CancelledFailure) return error;
  if (cancellation()?.aborted) return new CancelledFailure('the activity was cancelled');
  if (error instanceof StateError) {
    return ApplicationFailure.nonRetryable(plain(`${error.message} (${error.hint})`, LONGEST_FAILURE), error.reason);
  }
  if (!isKubernetesError(error)) return withoutQuotes(error);
  return ApplicationFailure.create({
    message: error.message,
    type: `Kubernetes${error.kind}`,
    nonRetryable: isFinal(error, Context.current().info.attempt),
    cause: error,
    ...(error.retryAfterMs ? { nextRetryDelay: error.retryAfterMs } : {}),
  });
}

/** What could be a part of a key, in base64. */
const LIKE_A_KEY = /[A-Za-z0-9+/=]{16,}/g;

/** The words of an error of which nobody knows what it quotes. */
export function withoutKeys(text: string): string {
  return text.replaceAll(LIKE_A_KEY, '…');
}

/**
 * An error that is none of reroot's may quote what it was about, a Secret's text too. Its words stay, and where it happened;
 * what could be a part of a key does not, nor its causes.
 */
function withoutQuotes(error: unknown): unknown {
  if (error instanceof TemporalFailure) return error;
  const { name: type, message, stack = '' } = error instanceof Error ? error : new Error(String(error));
  const failure = ApplicationFailure.create({ message: withoutKeys(message), type });
  failure.stack = stack
    .split('\n')
    .filter((line) => line.startsWith('    at '))
    .join('\n');
  return failure;
}

/**
 * Attempts from which on a refusal of the worker itself is believed. A token that has just run out is renewed within
 * minutes (401), and an API server that has just started knows no roles for some seconds (403).
 */
const BELIEVED_FROM: Partial<Record<KubernetesErrorKind, number>> = { Unauthorized: 10, Forbidden: 4 };

function isFinal({ transient, kind }: KubernetesError, attempt: number): boolean {
  return !transient && attempt >= (BELIEVED_FROM[kind] ?? 1);
}

/** What an earlier try of this activity has reported last, before its worker died. */
export function reportedBefore(): unknown {
  return asyncLocalStorage.getStore()?.info.heartbeatDetails as unknown;
}

/** Tells when nobody waits for this activity any more; undefined in a look from a shell. */
export function cancellation(): AbortSignal | undefined {
  return asyncLocalStorage.getStore()?.cancellationSignal;
}

/** For what goes on beside an activity: it ends with it, or when nobody waits for it any more. */
export function untilEnd(): { signal: AbortSignal; end(): void } {
  const over = new AbortController();
  const cancelled = cancellation();
  return {
    signal: cancelled ? AbortSignal.any([cancelled, over.signal]) : over.signal,
    end: () => over.abort(),
  };
}

/** Sleeps until the time is up; a cancelled activity stops here. */
export async function pause(milliseconds: number): Promise<void> {
  await (asyncLocalStorage.getStore()?.sleep(milliseconds) ?? sleep(milliseconds));
}
