import { LONGEST_SAYING, plain } from '../ground/plain.js';

/** Markup that may go into a page as it is. Made by `html` alone, so that whatever is not made there is escaped. */
export class Html {
  constructor(readonly markup: string) {}
  toString(): string {
    return this.markup;
  }
}

/** What a template takes: texts and numbers are shown as text, `undefined` and `false` as nothing. */
export type Shown = Html | string | number | false | undefined | readonly Shown[];

export const NOTHING = new Html('');

/**
 * A template of markup. Every text that is put in is made plain and escaped, in an element as in an attribute (between
 * double quotes): whatever somebody has written, it is text.
 */
export function html(pieces: TemplateStringsArray, ...values: Shown[]): Html {
  return new Html(pieces.reduce((whole, piece, index) => `${whole}${shown(values[index - 1])}${piece}`));
}

/** Markup of our own that is no template: the style, the script. */
export function own(markup: string): Html {
  return new Html(markup);
}

function shown(value: Shown): string {
  if (value === undefined || value === false) return '';
  if (value instanceof Html) return value.markup;
  if (Array.isArray(value)) return value.map(shown).join('');
  return escaped(plain(String(value), LONGEST_SAYING));
}

const ENTITIES: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };

function escaped(text: string): string {
  return text.replaceAll(/[&<>"']/g, (character) => ENTITIES[character] ?? '');
}
