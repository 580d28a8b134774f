import { ApplicationFailure, proxyActivities } from '@temporalio/workflow';
import type { Activities } from '../activities/index.js';

/** How activities are called: all heartbeat (activities/envelope.ts), so a dead worker is noticed within seconds. */

const HEARTBEAT_TIMEOUT = '10s';
const RETRY = { initialInterval: '1s', backoffCoefficient: 2, maximumInterval: '30s' } as const;

/** A look or a write: minutes at most, tried until it succeeds or is refused for good. */
export const step = proxyActivities<Activities>({
  startToCloseTimeout: '10 minutes',
  heartbeatTimeout: HEARTBEAT_TIMEOUT,
  retry: RETRY,
});

/** A courtesy that the end of the rotation does not wait for long. */
export const quickStep = proxyActivities<Activities>({
  startToCloseTimeout: '1 minute',
  heartbeatTimeout: HEARTBEAT_TIMEOUT,
  retry: { ...RETRY, maximumAttempts: 5 },
});

/** Rollouts and waits: as long as they take. */
export const longStep = proxyActivities<Activities>({
  startToCloseTimeout: '7 days',
  heartbeatTimeout: HEARTBEAT_TIMEOUT,
  retry: RETRY,
});

/** What the activity itself failed with, under the layers that say where. */
export function causeOf(error: unknown): { type: string; message: string } {
  let cause: unknown = error;
  while (cause instanceof Error && !(cause instanceof ApplicationFailure) && cause.cause instanceof Error)
    cause = cause.cause;
  return {
    type: cause instanceof ApplicationFailure ? (cause.type ?? 'Error') : 'Error',
    message: cause instanceof Error ? cause.message : String(cause),
  };
}
