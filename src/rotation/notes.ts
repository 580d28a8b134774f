/** Notes that a status and a report carry: those of the beginning, and the newest. */
const MOST = 200;
const OF_THE_BEGINNING = 100;
/** Characters of a note. */
const LONGEST = 2000;

const LEFT_OUT = /^… (\d+) notes are left out here\.$/;

/**
 * Adds a note for people. However long a rotation lasts, its notes fit into a payload: of many the ones in the middle are
 * left out and counted, and what is longer than `longest` is cut, because nobody reads it.
 */
export function addNote(notes: string[], note: string, longest = LONGEST): void {
  notes.push(note.length > longest ? `${note.slice(0, longest)}…` : note);
  if (notes.length <= MOST) return;
  const leftOut = Number(LEFT_OUT.exec(notes[OF_THE_BEGINNING] ?? '')?.[1] ?? 0);
  const going = leftOut === 0 ? 2 : 1; // one more makes room for the line that counts them
  const from = leftOut === 0 ? OF_THE_BEGINNING : OF_THE_BEGINNING + 1;
  notes.splice(from, going);
  if (leftOut > 0) notes.splice(OF_THE_BEGINNING, 1);
  notes.splice(OF_THE_BEGINNING, 0, `… ${leftOut + going} notes are left out here.`);
}
