import { workflowInfo } from '@temporalio/workflow';
import type { GatedPhase } from '../../src/rotation/phases.js';
import type { Plan } from '../../src/rotation/plan.js';
import type { HandOffMemory } from '../../src/rotation/hand-off.js';
import type { Approval, Word } from '../../src/rotation/report.js';

/** An approval as it was given. */
export type GivenApproval = Omit<Approval, 'phase' | 'at'>;

/** An abort as somebody wanted it. */
export interface GivenAbort extends Word {
  reason?: string;
}

/** What people have said to this rotation so far. Handlers write it, waits read it. */
export interface Said {
  paused?: { reason?: string; on?: string[] } | undefined;
  /** How often `retry` was said in the phase under way. */
  retries: number;
  /** The phase under way, on the way forward or back. */
  phase?: string;
  /** How often anything was said that may change what is being done. */
  heard: number;
  approved?: GivenApproval | undefined;
  /** The plan that the rotation rests on from its last exit on. */
  approvedPlan?: Plan;
  abort?: GivenAbort;
  /** The abort is under way: nothing leaves by it any more. */
  goingBack: boolean;
  /** Phases that no longer wait for proxies, but roll. */
  rollNow: GatedPhase[];
  /** The phase that waits for proxies now. */
  waitingIn?: GatedPhase;
  /** What somebody else was asked to write, by step and direction, until it is there. */
  handOffs?: Record<string, HandOffMemory & { since: string }>;
  /** The rotation has to end, though nobody has said so: why. */
  ending?: { type: string; message: string };
}

export function nothingSaid(): Said {
  return { retries: 0, heard: 0, goingBack: false, rollNow: [] };
}

/** Somebody has aborted the rotation, and its way back has not begun. */
export function isAborted({ abort, goingBack }: Said): boolean {
  return abort !== undefined && !goingBack;
}

/**
 * Temporal ends a run at 51,200 events and suggests a new one at 4,096. A rotation that waits for weeks goes on in a new
 * run well before: everything it does looks first, so any piece of work may be begun anew there.
 */
const MOST_EVENTS = 3000;

export function isHistoryLong(): boolean {
  return workflowInfo().historyLength >= MOST_EVENTS;
}

/** This run leaves whatever it does: for the way back, for its end, or for a new run. */
export function mustLeave(said: Said): boolean {
  return isAborted(said) || said.ending !== undefined || isHistoryLong();
}

/** What runs now has to stop: for a pause, or because the run leaves. */
export function mustStop(said: Said): boolean {
  return said.paused !== undefined || mustLeave(said);
}
