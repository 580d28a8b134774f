import { textProblem } from './said-text.js';
import type { WatchStatus } from './watch-status.js';

/** Characters of a fingerprint by which a root is told from every other. */
const ROOT_PREFIX = 8;

/** Why a word on a renewed root is refused; undefined: it is taken. Whatever shape a form or a request delivers. */
export function refuseRenewalApproval(args: unknown, { waiting, look }: WatchStatus): string | undefined {
  const root = look?.root?.fingerprint;
  if (!waiting || waiting.kind === 'worker' || root === undefined)
    return 'nothing to approve: the watch asks for no word';
  const { root: given, by, reason } = (args ?? {}) as Record<string, unknown>;
  const wanted = `approve needs {"root": "${root}"}, the root that has renewed itself`;
  if (typeof given !== 'string' || given.length < ROOT_PREFIX || !root.startsWith(given)) return wanted;
  const problem = [by, reason].filter((text) => text !== undefined).map(textProblem);
  return problem.find((found) => found !== undefined);
}
