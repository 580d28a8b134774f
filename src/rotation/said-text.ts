import { unseenIn } from '../ground/plain.js';

/** What people write (a name, a reason) is kept in status and report: of bounded size, and as they wrote it or not at all. */

/** Characters. */
export const LONGEST_TEXT = 500;
const NAMED = 3;

/** What is wrong with a text that somebody wrote; undefined: nothing. */
export function textProblem(text: unknown): string | undefined {
  if (typeof text !== 'string' || text.length > LONGEST_TEXT)
    return `must be a text of at most ${LONGEST_TEXT} characters`;
  const unseen = unseenIn(text);
  if (unseen.length === 0) return undefined;
  return `must be one line of what can be seen, and has ${unseen.slice(0, NAMED).join(', ')}: write it without`;
}
