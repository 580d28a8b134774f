import { plain } from '../ground/plain.js';

/** What the memo of a rotation says that a watch has started: for whoever looks at it, in its notes and on the server. */
const KEY = 'startedByWatch';

export interface StartedByWatch {
  /** Workflow id of the watch. */
  watch: string;
  /** Fingerprint of the root that has renewed itself, or of the certificate that expires. */
  root: string;
  /** What the watch has seen, in a sentence. */
  why: string;
  /** `root`: it is for the root that is named, and for nothing where that is not in use any more. */
  replaces?: 'root' | 'issuer';
}

export function memoOf(started: StartedByWatch): Record<string, unknown> {
  return { [KEY]: started };
}

/** @returns undefined for a rotation that no watch has started: whoever starts one may write anything into its memo */
export function startedByWatch(memo: Record<string, unknown> | undefined): StartedByWatch | undefined {
  const { watch, root, why, replaces } = (memo?.[KEY] ?? {}) as Partial<Record<keyof StartedByWatch, unknown>>;
  if (typeof watch !== 'string' || typeof root !== 'string' || typeof why !== 'string') return undefined;
  const started = { watch: plain(watch), root: plain(root), why: plain(why, 1000) };
  return replaces === 'root' || replaces === 'issuer' ? { ...started, replaces } : started;
}

/** The note of such a rotation. */
export function startedText({ watch, why }: StartedByWatch): string {
  return `Watch ${watch} has started this rotation: ${why}.`;
}

/**
 * Why such a rotation has nothing to do, once it has the cluster: another one was quicker. undefined: it goes on.
 * @param roots fingerprints of those that the mesh works under, or that a rotation which goes on takes out
 */
export function replacedAlready(started: StartedByWatch | undefined, roots: readonly string[]): string | undefined {
  if (started?.replaces !== 'root' || roots.includes(started.root)) return undefined;
  return `root ${started.root.slice(0, 12)}, for which ${started.watch} has started this rotation, is not in use any more: nothing was changed`;
}
