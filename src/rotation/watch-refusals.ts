import { textProblem } from './said-text.js';
import { isIssuerRenewedToo } from './watch.js';
import type { WatchStatus } from './watch-status.js';

/** Characters of a fingerprint by which a root is told from every other. */
const ROOT_PREFIX = 8;

/** Why a word on a renewed root is refused; undefined: it is taken. Whatever shape a form or a request delivers. */
export function refuseRenewalApproval(args: unknown, { waiting, look }: WatchStatus): string | undefined {
  const root = look?.root?.fingerprint;
  if (!waiting || waiting.kind === 'worker' || root === undefined)
    return 'nothing to approve: the watch asks for no word';
  if (look && isIssuerRenewedToo(look)) return `no rotation begins now. ${waiting.todo}`;
  return refuseWords((args ?? {}) as Record<string, unknown>, root);
}

function refuseWords({ root: given, by, reason }: Record<string, unknown>, root: string): string | undefined {
  if (typeof given !== 'string' || given.length < ROOT_PREFIX || !root.startsWith(given))
    return `approve needs {"root": "${root}"}, the root that has renewed itself`;
  const problems = [by, reason].filter((text) => text !== undefined).map(textProblem);
  return problems.find((problem) => problem !== undefined);
}
