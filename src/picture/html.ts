import { plain } from '../ground/plain.js';

/** Markup that may go into a page as it is. Made by `html` alone, so that whatever is not made there is escaped. */
export class Html {
  constructor(readonly markup: string) {}
  toString(): string {
    return this.markup;
  }
}

/** Characters of a text: a finding with its hint, a note. */
const LONGEST = 2200;

/** What a template takes: texts and numbers are shown as text, `undefined` and `false` as nothing. */
export type Shown = Html | string | number | false | undefined | readonly Shown[];

/**
 * A template of markup. Every text that is put in is made plain and escaped, in an element as in an attribute (between
 * double quotes): whatever somebody has written, it is text.
 */
export function html(pieces: TemplateStringsArray, ...values: Shown[]): Html {
  return new Html(unindented(pieces).reduce((whole, piece, index) => `${whole}${shown(values[index - 1])}${piece}`));
}

const known = new WeakMap<TemplateStringsArray, string[]>();

/** Templates are indented for who reads them: a browser needs a blank at most. */
function unindented(pieces: TemplateStringsArray): string[] {
  const before = known.get(pieces);
  if (before) return before;
  const less = pieces.map((piece) => piece.replaceAll(/\s*\n\s*/g, '\n'));
  known.set(pieces, less);
  return less;
}

/** A sentence for people: what stands between backticks is something to type or to look for. */
export function prose(text: string): Html {
  const parts = plain(text, LONGEST).split('`');
  if (parts.length % 2 === 0) return html`${text}`;
  return html`${parts.map((part, index) => (index % 2 === 1 ? html`<code>${part}</code>` : part))}`;
}

/** Markup of our own that is no template: the style, the script. */
export function own(markup: string): Html {
  return new Html(markup);
}

function shown(value: Shown): string {
  if (value === undefined || value === false) return '';
  if (value instanceof Html) return value.markup;
  if (Array.isArray(value)) return value.map(shown).join('');
  return escaped(plain(String(value), LONGEST));
}

const ENTITIES: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };

function escaped(text: string): string {
  return text.replaceAll(/[&<>"']/g, (character) => ENTITIES[character] ?? '');
}
