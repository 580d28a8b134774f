import type { GatedPhase, Phase } from '../../src/rotation/phases.js';
import type { FoundApproval } from '../../src/rotation/payloads.js';
import type { Approval } from '../../src/rotation/report.js';
import type { RotationStatus } from '../../src/rotation/status.js';
import { handOffWait, showWaits, waitsOf } from '../../src/rotation/waits.js';
import { now } from '../in-phase.js';
import type { HandOff } from '../../src/rotation/hand-off.js';
import { registerHandlers } from './handlers.js';
import { type GivenAbort, nothingSaid, type Said } from './said.js';
import {
  approval,
  attention,
  hold,
  interruptible,
  type Listening,
  refused,
  type Until,
  wait,
  waitForProxies,
  waitUntil,
  type WaitingFor,
  type Work,
} from './waits.js';

export type { Said } from './said.js';
export { isAbort, isContinuation, isLeaving, type Work } from './waits.js';

/** The people who look after this rotation: what they have said, and the waits that listen to them. */
export interface Operator {
  /** A phase begins, on the way forward or back: `retry` counts within it. */
  begins(phase: string): void;
  /** How often `retry` was said in the phase under way. */
  retries(): number;
  /** Runs a piece of work; `pause` stops it, and it runs again from its start after `resume`. Every piece looks first. */
  interruptible<T>(work: Work<T>): Promise<T>;
  /** Waits for a person to look: ends with `retry`, `waive`, or when `watch` ends by itself. */
  attention(waiting: WaitingFor, watch: () => Promise<unknown>): Promise<void>;
  /** Waits for somebody else to write what is theirs: ends as `attention` does, or when `watch` has seen something else. */
  handOff(handOff: HandOff, since: string, watch: () => Promise<unknown>): Promise<void>;
  /** Waits for a person to repair what stopped a step, until they say `retry`. */
  repair(problem: string): Promise<void>;
  /** Waits for a worker of the cluster; shown while it lasts. */
  waitForWorker<T>(waiting: WaitingFor, until: () => Promise<T>): Promise<T>;
  /** Waits for proxies, as long as it takes; undefined when somebody said to roll instead. */
  waitForProxies<T>(phase: GatedPhase, waiting: WaitingFor, work: Work<T>): Promise<T | undefined>;
  /** Waits for a time; ends sooner when somebody said to roll now, or when `isOver`. */
  waitUntil(phase: GatedPhase, waiting: WaitingFor, time: Until): Promise<void>;
  /** Whether somebody said so while this phase waited. */
  saidToRoll(phase: GatedPhase): boolean;
  /** Whether somebody wants the way back, or it has begun. */
  isGoingBack(): boolean;
  /** From here on the rotation is on its way back; it is not aborted again. @returns who wanted it, and why */
  beginAbort(): GivenAbort;
  /** Ends the rotation, whatever it does now. */
  end(type: string, message: string): void;
  /** Pauses the rotation by itself, until somebody says `resume`. */
  hold(reason: string, on: string[]): Promise<void>;
  /** Waits for an approval of this plan. @returns undefined when `isOver` ended the wait */
  approval(phase: Phase, planHash: string, asks: Asks): Promise<Approval | undefined>;
  /** What a new run of this rotation has to know. */
  said(): Said;
}

export interface Asks {
  todo: string;
  /** What has changed since the last approval. */
  on: string[];
  isOver(): boolean;
  /** Waits for an approval in the cluster, which then is the only one that counts. */
  inCluster?(): Promise<FoundApproval>;
}

/** Registers every handler, before the workflow's first wait. `begun`: what was said to earlier runs of this rotation. */
export function listenToOperator(status: RotationStatus, begun?: Said): Operator {
  const said = begun ?? nothingSaid();
  const listening: Listening = { said, status, waits: [], earlier: waitsOf(status) };
  registerHandlers(said, status);
  return {
    begins: (phase) => {
      if (said.phase === phase) return;
      Object.assign(said, { phase, retries: 0 });
      showWaits(status, listening.waits);
    },
    retries: () => said.retries,
    interruptible: async (work) => await interruptible(listening, work),
    attention: async (waiting, watch) => await attention(listening, waiting, watch),
    handOff: async (handOff, since, watch) => await attention(listening, handOffWait(handOff, since), watch),
    repair: async (problem) => await refused(listening, problem),
    waitForWorker: async (waiting, until) => await wait(listening, { kind: 'worker', ...waiting }, until),
    waitForProxies: async (phase, waiting, work) => await waitForProxies(listening, phase, waiting, work),
    waitUntil: async (phase, waiting, time) => await waitUntil(listening, phase, waiting, time),
    saidToRoll: (phase) => said.rollNow.includes(phase),
    isGoingBack: () => said.goingBack,
    beginAbort: () => {
      if (!said.goingBack) said.rollNow = []; // what was to be quick was the way forward
      said.goingBack = true;
      return said.abort ?? {};
    },
    end: (type, message) => void (said.ending = { type, message }),
    hold: async (reason, on) => await hold(listening, reason, on),
    approval: async (phase, planHash, { todo, on, isOver, inCluster }) => {
      const where = inCluster ? { inCluster: true as const } : {};
      const waiting = { for: `approval of ${phase}`, on, todo, planHash, ...where };
      const found = inCluster && (async () => ({ planHash, inCluster: await inCluster() }));
      const given = await approval(listening, waiting, { isOver, found });
      return given && { ...given, phase, planHash, at: now() };
    },
    said: () => said,
  };
}
