import { plain } from '../ground/plain.js';

/** What the memo of a rotation says that a watch has started: for whoever looks at it, in its notes and on the server. */
const KEY = 'startedByWatch';

export interface StartedByWatch {
  /** Workflow id of the watch. */
  watch: string;
  /** Fingerprint of the root that has renewed itself. */
  root: string;
  /** What the watch has seen, in a sentence. */
  why: string;
}

export function memoOf(started: StartedByWatch): Record<string, unknown> {
  return { [KEY]: started };
}

/** @returns undefined for a rotation that no watch has started: whoever starts one may write anything into its memo */
export function startedByWatch(memo: Record<string, unknown> | undefined): StartedByWatch | undefined {
  const { watch, root, why } = (memo?.[KEY] ?? {}) as Partial<Record<keyof StartedByWatch, unknown>>;
  if (typeof watch !== 'string' || typeof root !== 'string' || typeof why !== 'string') return undefined;
  return { watch: plain(watch), root: plain(root), why: plain(why, 1000) };
}

/** The note of such a rotation. */
export function startedText({ watch, why }: StartedByWatch): string {
  return `Watch ${watch} has started this rotation: ${why}.`;
}
