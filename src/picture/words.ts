import type { Counts, Holding } from '../rotation/census.js';
import type { Overview } from '../rotation/overview.js';
import type { Waiting } from '../rotation/status.js';

/** What the page calls things. */

export interface Word {
  /** In a legend and beside a count. */
  short: string;
  /** How it is painted; absent: as it is called. */
  fill?: Holding;
}

export type Vocabulary = Record<Holding, Word>;

const IN_ROTATION: Vocabulary = {
  old: { short: 'old root' },
  both: { short: 'both roots' },
  new: { short: 'new root' },
  other: { short: 'other' },
  unknown: { short: 'not known' },
};

/** As a new root is painted, which it has been, or will be seen as. */
const IN_USE: Word = { short: 'root in use', fill: 'new' };

const ONE_ROOT: Vocabulary = { ...IN_ROTATION, old: IN_USE, new: IN_USE };

/** Where one root stays there is no old and no new one: between rotations, and in a rotation of the issuer alone. */
export function vocabularyOf({ rotation, mesh }: Pick<Overview, 'rotation' | 'mesh'>): Vocabulary {
  const roots = rotation?.status?.roots;
  if (roots) return roots.retire.length === 0 ? ONE_ROOT : IN_ROTATION;
  const hasNew = mesh?.namespaces.some(({ trusts, presents }) => newer(trusts) + newer(presents) > 0);
  return hasNew ? IN_ROTATION : ONE_ROOT;
}

/** Of the rotation under way, or of the last one. */
export function vocabularyOverTime({
  rotation,
  mesh,
  report,
}: Pick<Overview, 'rotation' | 'mesh' | 'report'>): Vocabulary {
  if (rotation) return vocabularyOf({ rotation, ...(mesh ? { mesh } : {}) });
  return report?.oldRoots.length === 0 ? ONE_ROOT : IN_ROTATION;
}

function newer(counts: Counts): number {
  return counts.new + counts.both;
}

/** `35 both roots, 12 old root`: those that there are. */
export function countsText(counts: Counts, words: Vocabulary): string {
  const parts = held(counts).map((holding) => `${counts[holding]} ${words[holding].short}`);
  return parts.join(', ') || 'no proxies';
}

/** What a rotation brings first: in a bar it grows from the left, in areas from the bottom. */
export const IN_ORDER: readonly Holding[] = ['new', 'both', 'old', 'other', 'unknown'];

/** The holdings that there are, in that order. */
export function held(counts: Counts): Holding[] {
  return IN_ORDER.filter((holding) => counts[holding] > 0);
}

/** Whether a person has to do something for it to go on. */
export function asksSomebody({ kind }: Pick<Waiting, 'kind'>): boolean {
  return kind !== 'renewal' && kind !== 'window';
}

/** Class of what is painted for a holding. */
export function fillOf(holding: Holding, words: Vocabulary): string {
  return `h-${words[holding].fill ?? holding}`;
}

/** `1 proxy`, `47 proxies`. */
export function proxiesText(count: number): string {
  return count === 1 ? '1 proxy' : `${count} proxies`;
}

export function counted(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}

export function short(fingerprint: string): string {
  return fingerprint.slice(0, 12);
}

/** A word for `sh`. */
export function shellWord(word: string): string {
  return /^[\w.:/@-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`;
}
