import type { GatedPhase } from '../../src/rotation/phases.js';
import type { AbortArgs, ApproveArgs } from '../messages.js';

/** What people have said to this rotation so far. Handlers write it, waits read it. */
export interface Said {
  paused?: { reason?: string; since: string; on?: string[] } | undefined;
  /** How often `retry` was said. */
  retries: number;
  /** How often anything was said that may end a wait for attention. */
  heard: number;
  approved?: ApproveArgs | undefined;
  abort?: AbortArgs;
  /** The abort is under way: nothing leaves by it any more. */
  goingBack: boolean;
  /** Phases that no longer wait for proxies, but roll. */
  rollNow: Set<GatedPhase>;
  /** The phase that waits for proxies now. */
  waitingIn?: GatedPhase;
}

export function nothingSaid(): Said {
  return { retries: 0, heard: 0, goingBack: false, rollNow: new Set() };
}

/** Somebody has aborted the rotation, and its way back has not begun. */
export function isAborted({ abort, goingBack }: Said): boolean {
  return abort !== undefined && !goingBack;
}

/** What runs now has to stop: for a pause, or for the way back. */
export function mustStop(said: Said): boolean {
  return said.paused !== undefined || isAborted(said);
}
