import { ApplicationFailure, proxyActivities, workflowInfo } from '@temporalio/workflow';
import type { ActivityOptions } from '@temporalio/common';
import type { Activities } from '../activities/index.js';
import { stepQueue } from '../src/temporal/names.js';
import type { Operator } from './operator/index.js';

/** How activities are called: all heartbeat (activities/kit/heartbeat.ts), so a dead worker is noticed within seconds. */

const HEARTBEAT_TIMEOUT = '10s';
const RETRY = { initialInterval: '1s', backoffCoefficient: 2, maximumInterval: '30s' } as const;

/** A look or a write: minutes at most, tried until it succeeds or is refused for good. */
const SHORT: ActivityOptions = { startToCloseTimeout: '10 minutes', heartbeatTimeout: HEARTBEAT_TIMEOUT, retry: RETRY };
/** Rollouts and waits: as long as they take. */
const LONG: ActivityOptions = { ...SHORT, startToCloseTimeout: '7 days' };
/** A courtesy, which is not tried for ever. */
const QUICK: ActivityOptions = {
  ...SHORT,
  startToCloseTimeout: '1 minute',
  retry: { ...RETRY, maximumAttempts: 5 },
};

/** The steps as the workers of one cluster carry them out: on the queue that they poll, and nobody else. */
export function stepsOn(cluster: string) {
  const taskQueue = stepQueue(workflowInfo().taskQueue, cluster);
  const short = proxyActivities<Activities>({ ...SHORT, taskQueue });
  const long = proxyActivities<Activities>({ ...LONG, taskQueue });
  return {
    short,
    long,
    /** Steps as they are, for waits that end by themselves or by a message. */
    watch: { awaitProxies: long.awaitProxies, awaitChange: long.awaitChange },
    /** Steps of the beginning and the end, which no pause interrupts. */
    plain: {
      hello: short.hello,
      acquireLease: short.acquireLease,
      preflight: short.preflight,
      discard: short.discard,
    },
    quick: proxyActivities<Activities>({ ...QUICK, taskQueue }),
  };
}

/** The steps of a runbook, interruptible by themselves: a pause stops one, and `resume` begins it anew. */
export function interruptibleSteps({ interruptible }: Pick<Operator, 'interruptible'>, cluster: string) {
  const { short, long } = stepsOn(cluster);
  const each =
    <I, R>(step: (input: I) => Promise<R>) =>
    async (input: I): Promise<R> =>
      await interruptible(async () => await step(input));
  return {
    preflight: each(short.preflight),
    generate: each(short.generate),
    addTarget: each(short.addTarget),
    dropRetired: each(short.dropRetired),
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
