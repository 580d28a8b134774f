import { LONGEST_SAYING, plain, plainLines } from '../ground/plain.js';

/**
 * Text of others in Markdown, as the Temporal UI shows it (CommonMark with GitHub's extensions): what it says is shown, and
 * nothing that it says is done. Our own messages mark what is typed with backticks, so a pair of them makes a code span, in
 * which everything stands as it is; so do addresses, which would become links however they are escaped.
 */

/** A code span, or something that is made a link without being asked. */
const VERBATIM = /`([^`]+)`|(?:(?:https?|ftp|mailto|xmpp):|[^\s`@]+@)[^\s`]+|www\.[^\s`]*/gi;

/** One line of text, escaped. */
export function markdown(text: string, most = LONGEST_SAYING): string {
  const line = plain(text, most).trim();
  let escaped = '';
  let from = 0;
  for (const match of line.matchAll(VERBATIM)) {
    escaped += escapeInline(line.slice(from, match.index)) + codeSpan(match[1] ?? match[0]);
    from = match.index + match[0].length;
  }
  return escapeStart(escaped + escapeInline(line.slice(from)));
}

/** A code span of text that has no backtick in it. */
function codeSpan(text: string): string {
  return `\`${text}\``;
}

/** Several lines: the first as `markdown`, the others as a block of code, to be copied. */
export function markdownLines(text: string, most = LONGEST_SAYING): string {
  const [first = '', ...others] = plainLines(text, most).split('\n');
  if (others.length === 0) return markdown(first, most);
  const longestRun = Math.max(2, ...(text.match(/`+/g) ?? []).map(({ length }) => length));
  const fence = '`'.repeat(longestRun + 1);
  return [markdown(first, most), '', fence, ...others, fence].join('\n');
}

/** What means something wherever it stands. An underscore between letters means nothing: names stay readable. */
function escapeInline(text: string): string {
  return text
    .replaceAll(/[\\`*[\]<|~]/g, String.raw`\$&`)
    .replaceAll(/&(?=[#\w])/g, String.raw`\&`)
    .replaceAll(/(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])/g, String.raw`\_`);
}

/** What means something at the start of a line: a heading, a list, a quotation, a rule. */
function escapeStart(text: string): string {
  return text.replace(/^([#>+\-=])/, String.raw`\$1`).replace(/^(\d+)([.)])/, String.raw`$1\$2`);
}
