/** Marks say on a pod template for which rotation and phase it was rolled, and for which `retry` of it. */

/** The mark of a phase, derived from the rotation's target so that whoever adopts the rotation writes the same. */
export function phaseMark(rotation: string, phase: string): string {
  return `${rotation}-${phase}`;
}

/** Whether a template's mark is of this phase, be it of the first roll or of one after a retry. */
export function isMarkOf(found: string | undefined, mark: string): boolean {
  return found === mark || found?.startsWith(`${mark}.`) === true;
}

/** Which request of a person a roll answers. */
export interface Asked {
  /** The mark of this rotation and phase. */
  mark: string;
  /** How often a person has asked for a `retry` in this phase: 0 for none. */
  retry: number;
  /** First run of the workflow that was asked: retries of a run that this one has adopted were other requests. */
  run?: string | undefined;
}

/** What a roll writes now; the same for every try, so that a second patch is a no-op. */
export function markToWrite(asked: Asked): string {
  const { mark, retry } = asked;
  return retry > 0 ? [mark, String(retry), runOf(asked)].filter(Boolean).join('.') : mark;
}

/**
 * Whether a person has asked again in this phase since a workload was rolled. Numbers are compared only within a run: the
 * first retry of a run may meet the mark that the first retry of an earlier run has left.
 */
export function isAskedAgain(found: string, asked: Asked): boolean {
  const [number = '0', run = ''] = found.slice(asked.mark.length + 1).split('.');
  if (asked.retry === 0) return false;
  return run !== runOf(asked) || Number(number) < asked.retry;
}

function runOf({ run = '' }: Asked): string {
  return run.slice(0, 8);
}
