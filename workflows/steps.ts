import {
  ActivityFailure,
  ApplicationFailure,
  isCancellation,
  proxyActivities,
  TimeoutFailure,
  workflowInfo,
} from '@temporalio/workflow';
import type { ActivityOptions } from '@temporalio/common';
import type { Activities } from '../activities/index.js';
import { plainLines } from '../src/ground/plain.js';
import { stepQueue } from '../src/temporal/names.js';
import type { Operator, Work } from './operator/index.js';

/** How activities are called: all heartbeat (activities/kit/heartbeat.ts), so a dead worker is noticed within seconds. */

const HEARTBEAT_TIMEOUT = '10s';
const RETRY = { initialInterval: '1s', backoffCoefficient: 2, maximumInterval: '30s' } as const;
/** Some four minutes; then a person is told, and it is tried again all the while. */
const TRIES = 12;

/** Characters of why a step has failed, of which a rotation tells people. */
const LONGEST_FAILURE = 4000;

/** A look or a write: minutes at most. */
const SHORT: ActivityOptions = { startToCloseTimeout: '10 minutes', heartbeatTimeout: HEARTBEAT_TIMEOUT };
/** Rollouts and waits: as long as they take. */
const LONG: ActivityOptions = { ...SHORT, startToCloseTimeout: '7 days' };
const SOME_TRIES = { retry: { ...RETRY, maximumAttempts: TRIES } };
const UNTIL_IT_SUCCEEDS = { retry: { ...RETRY, initialInterval: '30s' } } as const;

type Proxies = ReturnType<typeof proxyActivities<Activities>>;

/** A courtesy. */
const QUICK = { ...SHORT, startToCloseTimeout: '1 minute', retry: { ...RETRY, maximumAttempts: 5 } } as const;
/** The last thing that a rotation does which ends before its time: it tries for longer than a network is away. */
const PERSISTENT = { ...SHORT, retry: { ...RETRY, maximumAttempts: 40 } };

/** The steps as the workers of one cluster carry them out: on the queue that they poll, and nobody else. */
export function stepsOn(cluster: string) {
  const taskQueue = stepQueue(workflowInfo().taskQueue, cluster);
  const tried = (options: ActivityOptions): Proxies => proxyActivities<Activities>({ ...options, taskQueue });
  const shortEndless = tried({ ...SHORT, ...UNTIL_IT_SUCCEEDS });
  const longEndless = tried({ ...LONG, ...UNTIL_IT_SUCCEEDS });
  return {
    looks: { once: tried({ ...SHORT, ...SOME_TRIES }), keepTrying: shortEndless },
    waits: { once: tried({ ...LONG, ...SOME_TRIES }), keepTrying: longEndless },
    /** Steps as they are, for waits that end by themselves or by a message. */
    watch: { awaitChange: longEndless.awaitChange, awaitHandOff: longEndless.awaitHandOff },
    /** Steps of the beginning and the end, which no pause interrupts. */
    plain: {
      hello: shortEndless.hello,
      preflight: longEndless.preflight,
    },
    quick: tried(QUICK),
    persistent: tried(PERSISTENT),
  };
}

/** How a step is tried, first and while people know that it fails. */
interface Tried extends Pick<Work<unknown>, 'refusals'> {
  once: Proxies;
  keepTrying: Proxies;
}

/** The steps of a runbook, interruptible by themselves: a pause stops one, and `resume` begins it anew. */
export function interruptibleSteps({ interruptible }: Pick<Operator, 'interruptible'>, cluster: string) {
  const { looks, waits } = stepsOn(cluster);
  const each =
    <I, R>(name: keyof Activities, { once, keepTrying, ...more }: Tried) =>
    async (input: I, how: Pick<Work<R>, 'proof' | 'answered'> = {}): Promise<R> => {
      const call = (steps: Proxies) => async () => await (steps[name] as unknown as (given: I) => Promise<R>)(input);
      return await interruptible({
        once: call(once),
        keepTrying: call(keepTrying),
        ...more,
        ...how,
      });
    };
  const step = <N extends keyof Activities>(name: N, tried: Tried = looks) =>
    each<Parameters<Activities[N]>[0], Awaited<ReturnType<Activities[N]>>>(name, tried);
  return {
    /** Refused, the rotation has to end: somebody else holds it. */
    acquireLease: step('acquireLease', { ...looks, refusals: 'end' }),
    discard: step('discard'),
    /** It waits for what an earlier run has left half rolled. */
    preflight: step('preflight', waits),
    generate: step('generate'),
    addTarget: step('addTarget'),
    dropRetired: step('dropRetired'),
    writeIssuer: step('writeIssuer'),
    awaitIssuer: step('awaitIssuer', waits),
    awaitApproval: step('awaitApproval', waits),
    awaitInjection: step('awaitInjection', waits),
    checkGate: step('checkGate'),
    proveShare: step('proveShare'),
    makePlan: step('makePlan'),
    finish: step('finish'),
    /** `summary`: what the Temporal UI shows beside it. What people say meanwhile reaches it: `input` is made anew. */
    reinject: async (summary: string, input: () => Parameters<Activities['reinject']>[0]) => {
      const call = (steps: Proxies) => async () => await steps.reinject.executeWithOptions({ summary }, [input()]);
      return await interruptible({ once: call(waits.once), keepTrying: call(waits.keepTrying), listens: true });
    },
    /** The same, of many namespaces. */
    reinjectNamespaces: async (summary: string, input: () => Parameters<Activities['reinjectNamespaces']>[0]) => {
      const call = (steps: Proxies) => async () =>
        await steps.reinjectNamespaces.executeWithOptions({ summary }, [input()]);
      return await interruptible({ once: call(waits.once), keepTrying: call(waits.keepTrying), listens: true });
    },
    /** For `Operator.waitForProxies`, which listens by itself. */
    awaitProxies: (input: () => Parameters<Activities['awaitProxies']>[0]) => ({
      once: async () => await waits.once.awaitProxies(input()),
      keepTrying: async () => await waits.keepTrying.awaitProxies(input()),
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
    message: plainLines(cause instanceof Error ? cause.message : String(cause)).slice(0, LONGEST_FAILURE),
  };
}

/** A step that asks for a repair of its own does so when the gate is looked at next. */
export async function unlessItFails<T>(tried: () => Promise<T>): Promise<T | undefined> {
  try {
    return await tried();
  } catch (error) {
    if (isCancellation(error) || !(error instanceof ActivityFailure)) throw error;
    return undefined;
  }
}
