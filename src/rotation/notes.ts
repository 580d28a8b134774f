import { plainLines } from '../ground/plain.js';

/** Notes that a status and a report carry: those of the beginning, and the newest. */
const MOST = 200;
const OF_THE_BEGINNING = 100;
/** Characters of all of them. */
const MOST_CHARACTERS = 80_000;
/** Characters of a note. */
const LONGEST = 2000;

const LEFT_OUT = /^… (\d+) notes are left out here\.$/;

/**
 * Adds a note for people. However long a rotation lasts, its notes fit into a payload: of many the ones in the middle are
 * left out and counted, and what is longer than `longest` is cut, because nobody reads it.
 */
export function addNote(notes: string[], note: string, longest = LONGEST): void {
  const text = plainLines(note, longest);
  notes.push(text.length > longest ? `${text.slice(0, longest)}…` : text);
  while (notes.length > MOST || (notes.length > 3 && charactersOf(notes) > MOST_CHARACTERS)) leaveOut(notes);
}

function charactersOf(notes: readonly string[]): number {
  return notes.reduce((sum, { length }) => sum + length, 0);
}

/** One more of the middle; never the first, nor the newest. */
function leaveOut(notes: string[]): void {
  const known = notes.findIndex((note) => LEFT_OUT.test(note));
  if (known < 0) {
    notes.splice(Math.min(OF_THE_BEGINNING, Math.ceil(notes.length / 2) - 1), 2, leftOutLine(2));
    return;
  }
  const leftOut = Number(LEFT_OUT.exec(notes[known] ?? '')?.[1] ?? 0);
  const isNextNewest = known + 2 >= notes.length;
  notes.splice(isNextNewest ? known - 1 : known, 2, leftOutLine(leftOut + 1));
}

function leftOutLine(count: number): string {
  return `… ${count} notes are left out here.`;
}
