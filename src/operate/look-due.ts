/** When the mesh is looked at again. */

/** Between rotations a look is due this many times more seldom. */
const CALM = 20;
/** Times that a look took, for which there is rest after it: looks take a twentieth of the time at the most. */
const REST = 19;
/** How often it is asked whether the phase has changed, for each look that is due in a rotation. */
const PULSES = 5;

/** The last look. */
export interface Looked {
  /** Milliseconds, of a clock that nobody sets. */
  endedAt: number;
  tookMs: number;
  /** Phase that the rotation was in; undefined: none was under way. */
  phase: string | undefined;
  failed: boolean;
}

export interface Moment {
  now: number;
  phase: string | undefined;
  isRotating: boolean;
  intervalMs: number;
}

/** At once when there has been none, or the phase is another; otherwise after a rest. */
export function isLookDue(last: Looked | undefined, { now, phase, isRotating, intervalMs }: Moment): boolean {
  if (!last || last.phase !== phase) return true;
  const usual = isRotating || last.failed ? intervalMs : CALM * intervalMs;
  return now - last.endedAt >= restMs(last.tookMs, usual);
}

/** Milliseconds of rest after a look. */
export function restMs(tookMs: number, usualMs: number): number {
  return Math.max(usualMs, REST * tookMs);
}

/** Milliseconds until the rotation is asked about again. */
export function pulseMs({ isRotating, intervalMs }: Pick<Moment, 'isRotating' | 'intervalMs'>): number {
  return isRotating ? intervalMs / PULSES : intervalMs;
}
