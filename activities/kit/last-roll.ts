import { present } from '../../src/ground/present.js';
import { markOfRestart } from '../../src/kubernetes/restarted-at.js';
import { restartsByAnnotation, type Workload } from '../../src/kubernetes/workload.js';
import { isMarkOf } from '../../src/rotation/mark.js';

/** What a workload still shows of the roll of a phase, whatever others have taken off it. */

/** The mark of a phase; `wanted`: the same, or with the `retry` that was asked for last. */
interface Sought {
  mark: string;
  wanted: string;
}

export type LastRoll = Pick<Workload, 'mark' | 'markedAt'>;

/** The mark in its template. A restart, where that stands for the mark, tells by itself of which it is, and since when. */
export function shownMark(workload: Workload, sought: Sought): LastRoll | undefined {
  const { restartedAt, markedAt, mark } = workload;
  if (!restartsByAnnotation(workload)) return present({ mark, markedAt });
  const found = markOfRestart(restartedAt, sought);
  return found === undefined ? undefined : present({ mark: found, markedAt: markedAt ?? restartedAt });
}

/** The mark on the object itself, where it is of the phase. */
export function leftMark({ objectMark, markedAt }: Workload, { mark }: Pick<Sought, 'mark'>): LastRoll | undefined {
  return isMarkOf(objectMark, mark) ? present({ mark: objectMark, markedAt }) : undefined;
}

/** With the mark of the phase, wherever that is left. */
export function withMark(workload: Workload, mark: string): Workload {
  const sought = { mark, wanted: mark };
  return { ...workload, ...(leftMark(workload, sought) ?? shownMark(workload, sought)) };
}
