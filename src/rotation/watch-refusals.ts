import { textProblem } from './said-text.js';
import { isIssuerRenewedToo } from './watch.js';
import type { WatchStatus } from './watch-status.js';

/** Characters of a fingerprint by which a root is told from every other. */
const ROOT_PREFIX = 8;

/** The certificate that a watch asks about: a root that has renewed itself, or what expires. */
export function askedAbout({ asks, look }: Pick<WatchStatus, 'asks' | 'look'>): string | undefined {
  return asks ?? look?.root?.fingerprint;
}

/** Why a word on a renewed root is refused; undefined: it is taken. Whatever shape a form or a request delivers. */
export function refuseRenewalApproval(args: unknown, status: WatchStatus): string | undefined {
  const { waiting, look } = status;
  const root = askedAbout(status);
  if (!waiting || waiting.kind === 'worker' || root === undefined)
    return 'nothing to approve: the watch asks for no word';
  if (look && isIssuerRenewedToo(look)) return `no rotation begins now. ${waiting.todo}`;
  return refuseWords((args ?? {}) as Record<string, unknown>, root);
}

function refuseWords({ root: given, by, reason }: Record<string, unknown>, root: string): string | undefined {
  if (typeof given !== 'string' || given.length < ROOT_PREFIX || !root.startsWith(given))
    return `approve needs {"root": "${root}"}, which is what the watch asks about`;
  const problems = [by, reason].filter((text) => text !== undefined).map(textProblem);
  return problems.find((problem) => problem !== undefined);
}
