import type { GatedPhase, Phase } from '../../src/rotation/phases.js';
import type { Approval } from '../../src/rotation/report.js';
import type { RotationStatus } from '../../src/rotation/status.js';
import type { AbortArgs } from '../messages.js';
import { registerHandlers } from './handlers.js';
import { nothingSaid } from './said.js';
import { approval, attention, hold, interruptible, type Listening, waitForProxies, type WaitingFor } from './waits.js';

export { isAbort } from './waits.js';

/** The people who look after this rotation: what they have said, and the waits that listen to them. */
export interface Operator {
  /** How often `retry` was said. */
  retries(): number;
  /** Runs a piece of work; `pause` stops it, and it runs again from its start after `resume`. Every piece looks first. */
  interruptible<T>(work: () => Promise<T>): Promise<T>;
  /** Waits for a person to look: ends with `retry`, `waive`, or when `watch` ends by itself. */
  attention(waiting: WaitingFor, watch: () => Promise<unknown>): Promise<void>;
  /** Waits for proxies, as long as it takes; undefined when somebody said to roll instead. */
  waitForProxies<T>(phase: GatedPhase, waiting: WaitingFor, work: () => Promise<T>): Promise<T | undefined>;
  /** Whether somebody said so while this phase waited. */
  saidToRoll(phase: GatedPhase): boolean;
  /** From here on the rotation is on its way back; it is not aborted again. @returns who wanted it, and why */
  beginAbort(): AbortArgs;
  /** Pauses the rotation by itself, until somebody says `resume`. */
  hold(reason: string, on: string[]): Promise<void>;
  /** Waits for an approval of this plan. `on`: what has changed since the last one. */
  approval(phase: Phase, planHash: string, asks: { todo: string; on: string[] }): Promise<Approval>;
}

/** Registers every handler, before the workflow's first wait. */
export function listenToOperator(status: RotationStatus): Operator {
  const said = nothingSaid();
  const listening: Listening = { said, status };
  registerHandlers(said, status);
  return {
    retries: () => said.retries,
    interruptible: async (work) => await interruptible(listening, work),
    attention: async (waiting, watch) => await attention(listening, waiting, watch),
    waitForProxies: async (phase, waiting, work) => await waitForProxies(listening, phase, waiting, work),
    saidToRoll: (phase) => said.rollNow.has(phase),
    beginAbort: () => {
      said.goingBack = true;
      return said.abort ?? {};
    },
    hold: async (reason, on) => await hold(listening, reason, on),
    approval: async (phase, planHash, { todo, on }) => ({
      phase,
      planHash,
      ...(await approval(listening, { for: `approval of ${phase}`, on, todo, planHash })),
    }),
  };
}
