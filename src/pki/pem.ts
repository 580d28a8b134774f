/** PEM as text that somebody else has written: found in one pass, whatever it is. */

export interface PemBlock {
  label: string;
  /** What stands between the two lines, as it is. */
  body: string;
}

const BEGIN = '-----BEGIN ';
const END = '-----END ';
const DASHES = '-----';
const LABEL = /^[A-Z0-9 ]{1,64}$/;

/**
 * The blocks of a text, and what stands after the last. A block ends at the next `END` line; when that is of another label, it
 * is no block. No `END` is looked for twice, so a text costs no more than its length.
 */
export function pemBlocks(text: string): { blocks: PemBlock[]; tail: string } {
  const blocks: PemBlock[] = [];
  let end = 0;
  let close = -1;
  for (let at = text.indexOf(BEGIN); at !== -1; at = text.indexOf(BEGIN, at)) {
    at += BEGIN.length;
    const opening = openingAt(text, at);
    if (!opening) continue;
    if (close < opening.end) close = text.indexOf(END, opening.end);
    if (close === -1) break;
    const closing = close + END.length;
    if (!text.startsWith(`${opening.label}${DASHES}`, closing)) continue;
    blocks.push({ label: opening.label, body: text.slice(opening.end, close) });
    at = closing + opening.label.length + DASHES.length;
    at += newlineAt(text, at);
    end = at;
  }
  return { blocks, tail: text.slice(end) };
}

/** The rest of a `BEGIN` line; undefined: it is none. */
function openingAt(text: string, from: number): { label: string; end: number } | undefined {
  const stop = text.indexOf(DASHES, from);
  const label = stop === -1 ? '' : text.slice(from, stop);
  const newline = newlineAt(text, stop + DASHES.length);
  return newline > 0 && LABEL.test(label) ? { label, end: stop + DASHES.length + newline } : undefined;
}

/** Characters of the line end that stands there; 0: none does. */
function newlineAt(text: string, at: number): number {
  if (text.startsWith('\n', at)) return 1;
  return text.startsWith('\r\n', at) ? 2 : 0;
}
