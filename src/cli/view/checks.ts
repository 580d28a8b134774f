import pc from 'picocolors';
import { plain } from '../../ground/plain.js';
import { blocking, type Finding, formatFinding } from '../../rotation/findings.js';

/** Findings in the form of `linkerd check`: linkerd2 pkg/healthcheck reads the JSON, and the text looks like its own. */

export const CHECK_FORMATS = ['table', 'short', 'json'] as const;
export type CheckFormat = (typeof CHECK_FORMATS)[number];

const CATEGORY = 'linkerd-reroot';
/** Characters: a finding with its hint. */
const LONGEST = 2200;

/** A line of `linkerd check`. `error` and `hint`: of one that does not succeed. */
export interface Check {
  description: string;
  result: 'success' | 'warning';
  error?: string;
  hint?: string;
}

/** Whether a rotation could begin, then each reason once. What stops a rotation does not stop Linkerd: nothing is an error. */
export function checksOf(findings: readonly Finding[], omitted: Readonly<Record<string, number>> = {}): Check[] {
  const blockers = [...new Set(blocking(findings).map(({ reason }) => reason))];
  const ready: Check = { description: 'the trust root could be replaced now', result: 'success' };
  const first: Check =
    blockers.length === 0
      ? ready
      : { ...ready, result: 'warning', error: `it could not: ${blockers.join(', ')}`, hint: '`reroot preflight`' };
  const reasons = [...new Set([...blockers, ...findings.map(({ reason }) => reason)])];
  return [first, ...reasons.map((reason) => ofReason(reason, findings, omitted))];
}

function ofReason(reason: string, findings: readonly Finding[], omitted: Readonly<Record<string, number>>): Check {
  const its = findings.filter((finding) => finding.reason === reason);
  const [first] = its;
  const more = its.length - 1 + (omitted[reason] ?? 0);
  const text = first ? plain(formatFinding(first), LONGEST) : reason;
  return {
    description: `nothing of reason ${plain(reason)}`,
    result: 'warning',
    error: more > 0 ? `${text} (and ${more} more)` : text,
    hint: `\`reroot explain ${plain(reason)}\``,
  };
}

/** What linkerd reads: CheckOutput of its pkg/healthcheck. */
export function checkJson(checks: readonly Check[]): object {
  return { success: true, categories: [{ categoryName: CATEGORY, checks }] };
}

/** `short` leaves out what is as it should be. */
export function checkText(checks: readonly Check[], format: Exclude<CheckFormat, 'json'>): string {
  const shown = format === 'short' ? checks.filter(({ result }) => result !== 'success') : checks;
  const head = shown.length > 0 ? [CATEGORY, '-'.repeat(CATEGORY.length)] : [];
  return [...head, ...shown.flatMap(linesOf), ...(head.length > 0 ? [''] : []), 'Status check results are √'].join(
    '\n',
  );
}

function linesOf({ description, result, error, hint }: Check): string[] {
  const mark = result === 'success' ? pc.green('√') : pc.yellow('‼');
  return [
    `${mark} ${description}`,
    ...(error === undefined ? [] : [`    ${error}`]),
    ...(hint === undefined ? [] : [`    see ${hint} for hints`]),
  ];
}
