/**
 * PEM as text that somebody else has written, read as Go reads it (encoding/pem `Decode`, Go 1.26): what identity does not see is
 * not there. Found in one pass, whatever it is.
 */

export interface PemBlock {
  label: string;
  /** Lines `name: value` before the base64; it is there only where the block has one. */
  headers: Record<string, string>;
  /** The base64, with whatever white space is in it. */
  body: string;
  bytes: Buffer;
}

const BEGIN = '-----BEGIN ';
const END = '\n-----END ';
const DASHES = '-----';
const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/;

/** The blocks of a text, and what stands after the last. No `END` is looked at twice, so a text costs no more than its length. */
export function pemBlocks(text: string): { blocks: PemBlock[]; tail: string } {
  const blocks: PemBlock[] = [];
  let from = 0;
  for (let at = 0; ;) {
    const close = text.indexOf(END, at);
    if (close === -1) break;
    const closing = close + END.length;
    const block = blockBefore(text, { from: at, close });
    if (block === 'nothing more') break;
    at = block?.end ?? closing;
    if (!block) continue;
    blocks.push(block.read);
    from = at;
  }
  return { blocks, tail: text.slice(from) };
}

/** The block that an `END` line closes, if it is one: its `BEGIN` is the last one before it, and begins its line. */
function blockBefore(
  text: string,
  { from, close }: { from: number; close: number },
): { read: PemBlock; end: number } | 'nothing more' | undefined {
  const first = beginLine(text, from, close);
  if (!first) return undefined;
  const { label } = first;
  const { headers, start } = headersAt(text, first.next);
  const closing = close + END.length;
  if (start > closing) return 'nothing more'; // the END line itself looks like a header
  // the newline before END may be that of the BEGIN line, when there is nothing between
  if (start > close && Object.keys(headers).length > 0) return undefined;
  const ending = `${label}${DASHES}`;
  const rest = lineAt(text, closing + ending.length);
  if (!text.startsWith(ending, closing) || rest.line !== '') return undefined;
  const body = text.slice(start, Math.max(start, close));
  const bytes = decoded(body);
  return bytes && { read: { label, headers, body, bytes }, end: rest.next };
}

/** The last before an END line, and only when it begins its line. */
function beginLine(text: string, from: number, close: number): { label: string; next: number } | undefined {
  const begin = text.slice(from, close).lastIndexOf(BEGIN);
  if (begin === -1 || (begin > 0 && text[from + begin - 1] !== '\n')) return undefined;
  const { line, next } = lineAt(text, from + begin + BEGIN.length);
  return line.endsWith(DASHES) ? { label: line.slice(0, -DASHES.length), next } : undefined;
}

function headersAt(text: string, from: number): { headers: Record<string, string>; start: number } {
  const headers: [string, string][] = [];
  let start = from;
  for (; start < text.length;) {
    const { line, next } = lineAt(text, start);
    const colon = line.indexOf(':');
    if (colon === -1) break;
    headers.push([line.slice(0, colon).trim(), line.slice(colon + 1).trim()]);
    start = next;
  }
  return { headers: Object.fromEntries(headers), start };
}

/** A line without its end and the blanks before that, and where the next one begins. */
function lineAt(text: string, from: number): { line: string; next: number } {
  const newline = text.indexOf('\n', from);
  let end = newline === -1 ? text.length : newline;
  if (newline > from && text[newline - 1] === '\r') end -= 1;
  while (end > from && (text[end - 1] === ' ' || text[end - 1] === '\t')) end -= 1;
  return { line: text.slice(from, end), next: newline === -1 ? text.length : newline + 1 };
}

/** Base64 as Go decodes it: blanks, tabs and line ends may stand anywhere, nothing else. */
function decoded(body: string): Buffer | undefined {
  const base64 = body.replaceAll(/[ \t\r\n]+/g, '');
  return base64.length % 4 === 0 && BASE64.test(base64) ? Buffer.from(base64, 'base64') : undefined;
}
