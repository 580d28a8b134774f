import { ApplicationFailure, patched, proxyActivities } from '@temporalio/workflow';
import type { ActivityOptions } from '@temporalio/common';
import type { Activities } from '../activities/index.js';
import type { Operator } from './operator/index.js';

/** How activities are called: all heartbeat (activities/kit/heartbeat.ts), so a dead worker is noticed within seconds. */

const HEARTBEAT_TIMEOUT = '10s';
const RETRY = { initialInterval: '1s', backoffCoefficient: 2, maximumInterval: '30s' } as const;

/** A look or a write: minutes at most, tried until it succeeds or is refused for good. */
const SHORT: ActivityOptions = { startToCloseTimeout: '10 minutes', heartbeatTimeout: HEARTBEAT_TIMEOUT, retry: RETRY };
/** Rollouts and waits: as long as they take. */
const LONG: ActivityOptions = { ...SHORT, startToCloseTimeout: '7 days' };

const short = proxyActivities<Activities>(SHORT);
const long = proxyActivities<Activities>(LONG);

/** Steps as they are, for waits that end by themselves or by a message. */
export const watch = { awaitProxies: long.awaitProxies, awaitChange: long.awaitChange };

/** Steps of the beginning and the end, which no pause interrupts. */
export const plain = {
  acquireLease: short.acquireLease,
  preflight: short.preflight,
  discard: short.discard,
};

/** A courtesy that the end of the rotation does not wait for long. */
export const quick = proxyActivities<Activities>({
  ...SHORT,
  startToCloseTimeout: '1 minute',
  retry: { ...RETRY, maximumAttempts: 5 },
});

/** Marks histories in which two steps are called by what they do; in 0.1 their names were right forward only. */
const RENAMED = 'steps named for their target';

/** The steps of a runbook, interruptible by themselves: a pause stops one, and `resume` begins it anew. */
export function interruptibleSteps({ interruptible }: Pick<Operator, 'interruptible'>) {
  const each =
    <I, R>(step: (input: I) => Promise<R>) =>
    async (input: I): Promise<R> =>
      await interruptible(async () => await step(input));
  return {
    preflight: each(short.preflight),
    generate: each(short.generate),
    addTarget: each((input: Parameters<Activities['addTarget']>[0]) =>
      patched(RENAMED) ? short.addTarget(input) : short.addRootToBundle(input),
    ),
    dropRetired: each((input: Parameters<Activities['dropRetired']>[0]) =>
      patched(RENAMED) ? short.dropRetired(input) : short.removeOldRootFromBundle(input),
    ),
    writeIssuer: each(short.writeIssuer),
    awaitIssuer: each(long.awaitIssuer),
    awaitInjection: each(long.awaitInjection),
    checkGate: each(short.checkGate),
    makePlan: each(short.makePlan),
    finish: each(short.finish),
    /** `summary`: what the Temporal UI shows beside it. */
    reinject: async (summary: string, input: Parameters<Activities['reinject']>[0]) =>
      await interruptible(async () => await long.reinject.executeWithOptions({ summary }, [input])),
  };
}

export type Steps = ReturnType<typeof interruptibleSteps>;

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
