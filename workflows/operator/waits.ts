import { ApplicationFailure, CancellationScope, condition, isCancellation, log } from '@temporalio/workflow';
import type { GatedPhase } from '../../src/rotation/phases.js';
import type { RotationStatus, Waiting } from '../../src/rotation/status.js';
import { showWaiting } from '../in-phase.js';
import { causeOf } from '../steps.js';
import { isAborted, mustStop, type Said } from './said.js';
import { cancelWhen } from './scopes.js';

/** The waits that listen to people: what they have said so far, and where the wait is shown. */
export interface Listening {
  said: Said;
  status: RotationStatus;
}

/** What a wait is for, without the time it began. */
export type WaitingFor = Omit<Waiting, 'kind' | 'since'>;

/** Thrown out of every piece of work when somebody aborts the rotation: its way back begins. */
const ABORT = 'AbortRequested';

export function isAbort(error: unknown): boolean {
  return error instanceof ApplicationFailure && error.type === ABORT;
}

/** Shows what is waited for while it lasts. */
async function wait<T>({ status }: Listening, waiting: Waiting, until: () => Promise<T>): Promise<T> {
  const before = status.waiting;
  showWaiting(status, waiting);
  try {
    return await until();
  } finally {
    showWaiting(status, before);
  }
}

/** Between two pieces of work: where a pause lasts, and an abort leaves. */
export async function checkpoint(listening: Listening): Promise<void> {
  const { said } = listening;
  if (said.paused) {
    const { reason, since, on = [] } = said.paused;
    const waiting: Waiting = {
      kind: 'paused',
      for: `resume${reason ? ` (paused: ${reason})` : ''}`,
      since,
      on,
      todo: 'Send `resume` to go on.',
    };
    await wait(listening, waiting, async () => await condition(() => said.paused === undefined));
  }
  if (isAborted(said)) throw ApplicationFailure.nonRetryable('the rotation was aborted', ABORT);
}

/** Runs a piece of work that a pause stops and `resume` begins anew; one that fails for good waits for a person. */
export async function interruptible<T>(listening: Listening, work: () => Promise<T>): Promise<T> {
  const stop = (): boolean => mustStop(listening.said);
  for (;;) {
    await checkpoint(listening);
    try {
      return await cancelWhen(stop, work);
    } catch (error) {
      if (isCancellation(error) && stop() && !CancellationScope.current().consideredCancelled) continue;
      if (isCancellation(error) || isAbort(error)) throw error;
      const { type, message } = causeOf(error);
      log.warn('a step needs attention', { type, message });
      const repair = {
        for: 'somebody to repair what stopped this step',
        on: [`${type}: ${message}`],
        todo: 'Repair it, then send `retry`.',
      };
      await attention(listening, repair, async () => await condition(() => false));
    }
  }
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
  await wait(listening, { kind: 'attention', since: now(), ...waiting }, async () => {
    try {
      await cancelWhen(isOver, watch);
    } catch (error) {
      if (!isCancellation(error) || CancellationScope.current().consideredCancelled) throw error;
    }
  });
  await checkpoint(listening);
}

/** Waits for proxies, as long as it takes; undefined when somebody said to roll instead. */
export async function waitForProxies<T>(
  listening: Listening,
  phase: GatedPhase,
  waiting: WaitingFor,
  work: () => Promise<T>,
): Promise<T | undefined> {
  const { said } = listening;
  const rollNow = (): boolean => said.rollNow.has(phase);
  said.waitingIn = phase;
  return await wait(listening, { kind: 'renewal', since: now(), ...waiting }, async () => {
    return await interruptible(listening, async () => {
      try {
        return rollNow() ? undefined : await cancelWhen(rollNow, work);
      } catch (error) {
        const over = CancellationScope.current().consideredCancelled || mustStop(said);
        if (isCancellation(error) && rollNow() && !over) return undefined;
        throw error;
      }
    });
  });
}

/** Pauses the rotation by itself, until somebody says `resume`. */
export async function hold(listening: Listening, reason: string, on: string[]): Promise<void> {
  listening.said.paused = { reason, on, since: now() };
  await checkpoint(listening);
}

/** Waits for an approval. @returns who gave it, and why, as they say */
export async function approval(
  listening: Listening,
  waiting: WaitingFor,
): Promise<{ by?: string; reason?: string; at: string }> {
  const { said } = listening;
  said.approved = undefined;
  const { by, reason } = await wait(listening, { kind: 'approval', since: now(), ...waiting }, async () => {
    for (;;) {
      await condition(() => said.approved !== undefined || mustStop(said));
      await checkpoint(listening);
      if (said.approved) return said.approved;
    }
  });
  return { at: now(), ...(by ? { by } : {}), ...(reason ? { reason } : {}) };
}

function now(): string {
  return new Date().toISOString();
}
