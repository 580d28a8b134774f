/**
 * Text that others have written (tenants, controllers, servers, people), made fit to be shown: the one door by which it
 * enters an observation, a message or a terminal.
 */

/** Characters of a text of which people need only the gist. */
const LONGEST_TEXT = 200;
/** Characters of what a server, a controller or a webhook says. */
export const LONGEST_SAYING = 1000;
/** Characters of a name in Kubernetes or in a certificate. */
export const LONGEST_NAME = 253;

/** What breaks a line, or stands for a blank. */
const BREAKS = /[\t\n\v\f\r\u0085\u2028\u2029]+/g;
/**
 * What is not seen, or moves what is: control characters (C0, C1: escape sequences begin with one), format characters
 * (overrides and isolates of direction, of no width, soft hyphens, tags), halves of a surrogate pair.
 */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu;
const RUNS_OF_UNSEEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]+/gu;
const REPLACEMENT = '\uFFFD';

/**
 * One line of what can be seen, cut with an ellipsis to at most so many characters (code points). What breaks a line becomes
 * a blank, what cannot be seen U+FFFD. So a text that is changed never becomes equal to a name: one that only looks like
 * another stays a different one. What is plain already stays as it is.
 */
export function plain(text: string, most = LONGEST_TEXT): string {
  const start = text.slice(0, most * 2);
  const points = Array.from(start.replaceAll(BREAKS, ' ').replaceAll(RUNS_OF_UNSEEN, REPLACEMENT));
  const isWhole = start.length === text.length && points.length <= most;
  return isWhole ? points.join('') : `${points.slice(0, most - 1).join('')}…`;
}

/** The same of a text of several lines: each of them plain. */
export function plainLines(text: string, most = LONGEST_SAYING): string {
  return text
    .split(/\r?\n/)
    .map((line) => plain(line, most))
    .join('\n');
}

/** What `plain` would not let pass, each once, as `U+202E`: for whoever has to write it anew. */
export function unseenIn(text: string): string[] {
  return [...new Set(text.match(UNSEEN))].map((character) => {
    return `U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}`;
  });
}

/**
 * JSON in which nothing is hidden: what JSON leaves as it is and a terminal would not (C1, direction, no width) is escaped.
 * It means the same.
 */
export function visibleJson(json: string): string {
  return json.replaceAll(UNSEEN, (character) => (character === '\n' ? character : escaped(character)));
}

function escaped(character: string): string {
  return Array.from({ length: character.length }, (_, index) => {
    return `\\u${character.charCodeAt(index).toString(16).padStart(4, '0')}`;
  }).join('');
}

/** JSON for people and programs, indented. */
export function jsonText(value: unknown, indent = 2): string {
  return visibleJson(JSON.stringify(value, null, indent));
}
