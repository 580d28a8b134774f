import { ActivityFailure, ApplicationFailure, proxyActivities, TimeoutFailure } from '@temporalio/workflow';
import type { ActivityOptions } from '@temporalio/common';
import type { Activities } from '../activities/index.js';
import type { Proof } from './perform.js';
import type { Operator } from './operator/index.js';

/** How activities are called: all heartbeat (activities/kit/heartbeat.ts), so a dead worker is noticed within seconds. */

const HEARTBEAT_TIMEOUT = '10s';
const RETRY = { initialInterval: '1s', backoffCoefficient: 2, maximumInterval: '30s' } as const;
/** Some four minutes; then a person is told, and it is tried again all the while. */
const TRIES = 12;

/** A look or a write: minutes at most. */
const SHORT: ActivityOptions = { startToCloseTimeout: '10 minutes', heartbeatTimeout: HEARTBEAT_TIMEOUT };
/** Rollouts and waits: as long as they take. */
const LONG: ActivityOptions = { ...SHORT, startToCloseTimeout: '7 days' };
const SOME_TRIES = { retry: { ...RETRY, maximumAttempts: TRIES } };
const UNTIL_IT_SUCCEEDS = { retry: { ...RETRY, initialInterval: '30s' } };

type Proxies = ReturnType<typeof proxyActivities<Activities>>;

const short = proxyActivities<Activities>({ ...SHORT, ...SOME_TRIES });
const long = proxyActivities<Activities>({ ...LONG, ...SOME_TRIES });
const shortEndless = proxyActivities<Activities>({ ...SHORT, ...UNTIL_IT_SUCCEEDS });
const longEndless = proxyActivities<Activities>({ ...LONG, ...UNTIL_IT_SUCCEEDS });

/** Steps as they are, for waits that end by themselves or by a message. */
export const watch = { awaitChange: longEndless.awaitChange };

/** Steps of the beginning and the end, which no pause interrupts. */
export const plain = {
  acquireLease: shortEndless.acquireLease,
  preflight: shortEndless.preflight,
  discard: shortEndless.discard,
};

/** A courtesy that the end of the rotation does not wait for long. */
export const quick = proxyActivities<Activities>({
  ...SHORT,
  startToCloseTimeout: '1 minute',
  retry: { ...RETRY, maximumAttempts: 5 },
});

/** The last thing that a rotation does which ends before its time: it tries for longer than a network is away. */
export const persistent = proxyActivities<Activities>({ ...SHORT, retry: { ...RETRY, maximumAttempts: 40 } });

/** The steps of a runbook, interruptible by themselves: a pause stops one, and `resume` begins it anew. */
export function interruptibleSteps({ interruptible }: Pick<Operator, 'interruptible'>) {
  const each =
    <I, R>(name: keyof Activities, tried: { once: Proxies; keepTrying: Proxies }) =>
    async (input: I, proof?: Proof): Promise<R> => {
      const call = (steps: Proxies) => async () => await (steps[name] as unknown as (given: I) => Promise<R>)(input);
      const work = { once: call(tried.once), keepTrying: call(tried.keepTrying) };
      return await interruptible(proof ? { ...work, proof } : work);
    };
  const looks = { once: short, keepTrying: shortEndless };
  const waits = { once: long, keepTrying: longEndless };
  const step = <N extends keyof Activities>(name: N, tried = looks) =>
    each<Parameters<Activities[N]>[0], Awaited<ReturnType<Activities[N]>>>(name, tried);
  return {
    preflight: step('preflight'),
    generate: step('generate'),
    addTarget: step('addTarget'),
    dropRetired: step('dropRetired'),
    writeIssuer: step('writeIssuer'),
    awaitIssuer: step('awaitIssuer', waits),
    awaitInjection: step('awaitInjection', waits),
    checkGate: step('checkGate'),
    makePlan: step('makePlan'),
    finish: step('finish'),
    /** `summary`: what the Temporal UI shows beside it. What people say meanwhile reaches it: `input` is made anew. */
    reinject: async (summary: string, input: () => Parameters<Activities['reinject']>[0]) => {
      const call = (steps: Proxies) => async () => await steps.reinject.executeWithOptions({ summary }, [input()]);
      return await interruptible({ once: call(long), keepTrying: call(longEndless), listens: true });
    },
    /** For `Operator.waitForProxies`, which listens by itself. */
    awaitProxies: (input: () => Parameters<Activities['awaitProxies']>[0]) => ({
      once: async () => await long.awaitProxies(input()),
      keepTrying: async () => await longEndless.awaitProxies(input()),
    }),
  };
}

export type Steps = ReturnType<typeof interruptibleSteps>;

/** What the activity itself failed with, under the layers that say where. */
export function causeOf(error: unknown): { type: string; message: string } {
  let cause: unknown = error;
  while (cause instanceof Error && !(cause instanceof ApplicationFailure) && cause.cause instanceof Error)
    cause = cause.cause;
  if (error instanceof ActivityFailure && cause instanceof TimeoutFailure) {
    return { type: 'StepTimedOut', message: `${error.activityType} did not end in its time (${cause.timeoutType})` };
  }
  return {
    type: cause instanceof ApplicationFailure ? (cause.type ?? 'Error') : 'Error',
    message: cause instanceof Error ? cause.message : String(cause),
  };
}
