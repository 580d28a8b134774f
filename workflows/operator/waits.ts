import {
  ActivityFailure,
  ApplicationFailure,
  CancellationScope,
  condition,
  isCancellation,
  log,
  sleep,
  TimeoutFailure,
} from '@temporalio/workflow';
import type { GatedPhase } from '../../src/rotation/phases.js';
import type { RotationStatus, Waiting } from '../../src/rotation/status.js';
import { showWaits, WAITS } from '../../src/rotation/waits.js';
import { now, showDetails } from '../in-phase.js';
import type { Proof } from '../perform.js';
import { causeOf } from '../steps.js';
import { type GivenApproval, isAborted, isHistoryLong, mustLeave, mustStop, type Said } from './said.js';
import { cancelWhen } from './scopes.js';

/** The waits that listen to people: what they have said so far, and where the wait is shown. */
export interface Listening {
  said: Said;
  status: RotationStatus;
  /** What is waited for now, by all lanes. */
  waits: Waiting[];
  /** What an earlier run of this rotation waited for: the wait goes on, it does not begin. */
  earlier: readonly Waiting[];
}

/** What a wait is for, without the time it began. */
export type WaitingFor = Omit<Waiting, 'kind' | 'since'> & Partial<Pick<Waiting, 'kind' | 'since'>>;

/** Thrown out of every piece of work when somebody aborts the rotation: its way back begins. */
const ABORT = 'AbortRequested';
/** Thrown out of every piece of work when the history is long: the rotation goes on in a new run. */
const CONTINUE = 'GoOnInNewRun';

export function isAbort(error: unknown): boolean {
  return error instanceof ApplicationFailure && error.type === ABORT;
}

export function isContinuation(error: unknown): boolean {
  return error instanceof ApplicationFailure && error.type === CONTINUE;
}

/** Nothing has failed: this run, or this piece of work, is being left. */
export function isLeaving(error: unknown): boolean {
  return isCancellation(error) || isAbort(error) || isContinuation(error);
}

/** Between two tries of a write that keeps failing and depends on a proof. */
const PROVEN_AGAIN_AFTER = '5 minutes';

/** Another rotation holds the Lease: this one must not go on, whoever repairs what. */
const FINAL = ['LeaseLost'];

/** Shows what is waited for while it lasts. Lanes wait side by side: what is shown is the set of their waits. */
export async function wait<T>(
  listening: Listening,
  waiting: WaitingFor & Pick<Waiting, 'kind'>,
  until: () => Promise<T>,
): Promise<T> {
  const { status, earlier } = listening;
  const before = earlier.find((other) => other.kind === waiting.kind && other.for === waiting.for);
  const shown: Waiting = { ...waiting, since: waiting.since ?? before?.since ?? now() };
  listening.waits = [...listening.waits, shown];
  showWaits(status, listening.waits);
  showDetails(status);
  const end = (): void => {
    listening.waits = listening.waits.filter((other) => other !== shown);
    showWaits(status, listening.waits);
    showDetails(status);
  };
  try {
    const result = await until();
    end();
    return result;
  } catch (error) {
    if (!isContinuation(error)) end(); // in the new run it goes on
    throw error;
  }
}

/** Between two pieces of work: where a pause lasts, and where a run leaves. */
export async function checkpoint(listening: Listening): Promise<void> {
  const { said } = listening;
  if (said.paused) {
    const { reason, on = [] } = said.paused;
    const words = said.paused.on ? WAITS.reverted : WAITS.paused;
    const waiting = { kind: words.kind, for: `resume${reason ? ` (paused: ${reason})` : ''}`, on, todo: words.todo };
    await wait(listening, waiting, async () => await condition(() => said.paused === undefined || mustLeave(said)));
  }
  if (isAborted(said)) throw ApplicationFailure.nonRetryable('the rotation was aborted', ABORT);
  if (said.ending) throw ApplicationFailure.nonRetryable(said.ending.message, said.ending.type);
  if (isHistoryLong()) throw ApplicationFailure.nonRetryable('the history is long: it goes on in a new run', CONTINUE);
}

/** A piece of work that looks before it acts, so that it may be begun anew at any time. */
export interface Work<T> {
  /** Tries it, and gives up after some tries. */
  once(): Promise<T>;
  /** Tries it again and again, while people know that it fails. */
  keepTrying?(): Promise<T>;
  /** What has to be proven at the moment of the work, each time that it is begun. */
  proof?: Proof;
  /** A final answer ends the rotation: nobody could repair it. */
  refusals?: 'end';
  /** Failures (types) that whoever calls has an answer to: no person is asked. */
  answered?: readonly string[];
  /** What people say (`waive`, `unwaive`, `retry`) reaches it while it runs: it begins anew with that. */
  listens?: boolean;
}

/** Runs a piece of work that a pause stops and `resume` begins anew; one that fails for good waits for a person. */
export async function interruptible<T>(listening: Listening, work: Work<T>): Promise<T> {
  const { said } = listening;
  for (;;) {
    await checkpoint(listening);
    if (!(await isProven(work, said))) continue;
    const { heard } = said;
    const stop = (): boolean => mustStop(said) || (work.listens === true && said.heard !== heard);
    try {
      return await cancelWhen(stop, async () => await work.once());
    } catch (error) {
      if (isCancellation(error) && stop() && !CancellationScope.current().consideredCancelled) continue;
      if (isFinal(error, work)) throw error;
      if (isWorkerLost(error)) continue;
      const repaired = await repair(listening, work, error);
      if (repaired) return repaired.result;
    }
  }
}

/** @returns false when somebody said something meanwhile that comes first */
async function isProven({ proof }: Pick<Work<unknown>, 'proof'>, said: Said): Promise<boolean> {
  if (!proof) return true;
  await proof.prove();
  if (mustStop(said)) return false;
  proof.proven();
  return true;
}

function isFinal(
  error: unknown,
  { refusals, answered = [] }: Pick<Work<unknown>, 'refusals' | 'answered'> = {},
): boolean {
  if (isLeaving(error) || [...FINAL, ...answered].includes(causeOf(error).type)) return true;
  return refusals === 'end' && !mayHelp(error);
}

/** Whether trying again may help, without anybody changing anything. */
function mayHelp(error: unknown): boolean {
  return error instanceof ActivityFailure && error.retryState !== 'NON_RETRYABLE_FAILURE';
}

/** It did not fail: its worker went away, as often as it was tried. */
function isWorkerLost(error: unknown): boolean {
  return error instanceof ActivityFailure && error.cause instanceof TimeoutFailure;
}

/** A step has failed: a person is told, and where trying again may help that goes on meanwhile. */
async function repair<T>(listening: Listening, work: Work<T>, error: unknown): Promise<{ result: T } | undefined> {
  const { keepTrying, proof } = work;
  const { type, message } = causeOf(error);
  log.warn('a step needs attention', { type, message });
  const problem = `${type}: ${message}`;
  const goesOn = keepTrying && mayHelp(error) ? keepTrying : undefined;
  let repaired: { result: T } | undefined;
  try {
    if (!goesOn) await refused(listening, problem);
    else
      await attention(
        listening,
        { for: WAITS.stepFailing.for, on: [problem], todo: WAITS.stepFailing.todo },
        async () => {
          if (proof)
            await sleep(PROVEN_AGAIN_AFTER); // the proof is too old by now
          else repaired = { result: await goesOn() };
        },
      );
  } catch (next) {
    if (isFinal(next, work)) throw next;
    log.warn('a step needs attention still', causeOf(next)); // it is shown when the step is tried again
  }
  return repaired;
}

/** Waits for a person to repair what stopped a step: nothing ends it by itself. */
export async function refused(listening: Listening, problem: string): Promise<void> {
  const waiting = { for: WAITS.stepRefused.for, on: [problem], todo: WAITS.stepRefused.todo };
  await attention(listening, waiting, async () => await condition(() => false));
}

/** Waits for a person to look: ends with `retry`, `waive`, or when `watch` ends by itself. */
export async function attention(
  listening: Listening,
  waiting: WaitingFor,
  watch: () => Promise<unknown>,
): Promise<void> {
  const { said } = listening;
  const heard = said.heard;
  const isOver = (): boolean => said.heard !== heard || mustStop(said);
  await wait(listening, { kind: 'attention', ...waiting }, async () => await unlessStopped(isOver, watch));
  await checkpoint(listening);
}

/** Waits for proxies, as long as it takes; undefined when somebody said to roll instead. */
export async function waitForProxies<T>(
  listening: Listening,
  phase: GatedPhase,
  waiting: WaitingFor,
  work: Work<T>,
): Promise<T | undefined> {
  const { said } = listening;
  const rollNow = (): boolean => said.rollNow.includes(phase);
  said.waitingIn = phase;
  const unlessHurried = (tried: () => Promise<T>) => async (): Promise<T | undefined> => {
    try {
      return rollNow() ? undefined : await cancelWhen(rollNow, tried);
    } catch (error) {
      const over = CancellationScope.current().consideredCancelled || mustStop(said);
      if (isCancellation(error) && rollNow() && !over) return undefined;
      throw error;
    }
  };
  const { once, keepTrying } = work;
  return await wait(listening, { kind: 'renewal', ...waiting }, async () => {
    return await interruptible(listening, {
      once: unlessHurried(once),
      ...(keepTrying ? { keepTrying: unlessHurried(keepTrying) } : {}),
      listens: true,
    });
  });
}

/** A time that is waited for, and what makes it too late to wait. */
export interface Until {
  at: Date;
  isOver(): boolean;
}

/** Waits for a time; ends sooner when somebody said to roll now. */
export async function waitUntil(
  listening: Listening,
  phase: GatedPhase,
  waiting: WaitingFor,
  { at, isOver }: Until,
): Promise<void> {
  const once = async (): Promise<void> => {
    const left = at.getTime() - Date.now(); // a pause may have lasted longer
    if (left > 0) await unlessStopped(isOver, async () => await sleep(left, { summary: waiting.for }));
  };
  await waitForProxies(listening, phase, waiting, { once });
}

/** Pauses the rotation by itself, until somebody says `resume`. */
export async function hold(listening: Listening, reason: string, on: string[]): Promise<void> {
  listening.said.paused = { reason, on };
  await checkpoint(listening);
}

/** How an approval may come, and what ends the wait without one. */
export interface Expected {
  isOver(): boolean;
  /** Looks for it in the cluster: then no message counts. A pause stops it by itself. */
  found?: (() => Promise<GivenApproval>) | undefined;
}

/**
 * Waits for an approval.
 * @returns what is known of who gave it; undefined: nobody did
 */
export async function approval(
  listening: Listening,
  waiting: WaitingFor,
  { isOver, found }: Expected,
): Promise<GivenApproval | undefined> {
  const { said } = listening;
  const goesOn = listening.earlier.some(({ planHash }) => planHash !== undefined && planHash === waiting.planHash);
  if (!goesOn) said.approved = undefined;
  const isEnough = (): boolean => mustStop(said) || isOver();
  return await wait(listening, { kind: 'approval', ...waiting }, async () => {
    for (;;) {
      if (found) said.approved = await unlessStopped(isOver, found);
      else await condition(() => said.approved !== undefined || isEnough());
      await checkpoint(listening);
      if (said.approved || isOver()) return said.approved;
    }
  });
}

/** @returns undefined when something else became true first */
async function unlessStopped<T>(isTrue: () => boolean, work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await cancelWhen(isTrue, work);
  } catch (error) {
    if (!isCancellation(error) || CancellationScope.current().consideredCancelled) throw error;
    return undefined;
  }
}
