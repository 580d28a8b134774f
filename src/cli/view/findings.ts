import pc from 'picocolors';
import { omittedText } from '../../rotation/capped.js';
import { type Finding, formatFinding } from '../../rotation/findings.js';
import { plainly } from './terminal.js';

/** Findings for people: each reason once, with how many there are of it. */

/** Of a reason; `--details` and JSON name all. */
const SUBJECTS_SHOWN = 3;

export interface FindingsShown {
  /** How many more there are that are not named, by reason. */
  omitted?: Readonly<Record<string, number>> | undefined;
  /** A line for each that is named. */
  details?: boolean | undefined;
}

/** What stands in the way: what blocks before what does not, as far as the findings come in that order. */
export function renderFindings(found: readonly Finding[], { omitted, details = false }: FindingsShown = {}): string {
  const findings = plainly(found);
  const left = new Map(Object.entries(plainly(omitted ?? {})));
  const lines = details ? findings.map(detailLine) : groupsOf(findings).flatMap((group) => groupLines(group, left));
  const more = omittedText(Object.fromEntries(left));
  return [...lines, ...(more ? [`  ${more}`] : []), ...(details ? [] : adviceLines(findings))].join('\n');
}

function detailLine(finding: Finding): string {
  return `${markOf(finding)} ${formatFinding(finding)}`;
}

function markOf({ severity }: Pick<Finding, 'severity'>): string {
  return severity === 'block' ? pc.red('✖') : pc.yellow('!');
}

/** Those of one reason and severity: what blocks comes first, each reason where its first finding is. */
function groupsOf(findings: readonly Finding[]): [Finding, ...Finding[]][] {
  const groups = new Map<string, [Finding, ...Finding[]]>();
  for (const finding of findings) {
    const key = `${finding.severity} ${finding.reason}`;
    const group = groups.get(key);
    if (group) group.push(finding);
    else groups.set(key, [finding]);
  }
  const all = [...groups.values()];
  const isBlocking = ([{ severity }]: readonly [Finding, ...Finding[]]) => severity === 'block';
  return [...all.filter(isBlocking), ...all.filter((group) => !isBlocking(group))];
}

/** @param left how many are not named, by reason; those of this group are taken out */
function groupLines(group: readonly [Finding, ...Finding[]], left: Map<string, number>): string[] {
  const [first] = group;
  const { reason, hint } = first;
  const unnamed = left.get(reason) ?? 0;
  left.delete(reason);
  const total = group.length + unnamed;
  if (total === 1) return [`${markOf(first)} ${pc.bold(reason)}: ${whereText(first)}`, ...hintLines(hint)];
  const shown = group.slice(0, SUBJECTS_SHOWN);
  const more = total - shown.length;
  const andMore = more > 0 ? [`and ${more} more`] : [];
  const head = `${markOf(first)} ${pc.bold(reason)}, ${total} times`;
  if (!isSaidOfAll(group, ({ hint: own }) => own)) {
    return [
      head,
      ...shown.flatMap((one) => [indented(whereText(one)), ...hintLines(one.hint, 6)]),
      ...andMore.map(indented),
    ];
  }
  const named = isSaidOfAll(group, ({ message }) => message)
    ? [`${head}: ${first.message}`, indented([...shown.map(({ subject }) => subject.name), ...andMore].join(', '))]
    : [head, ...[...shown.map(whereText), ...andMore].map(indented)];
  return [...named, ...hintLines(hint)];
}

function isSaidOfAll([first, ...others]: readonly [Finding, ...Finding[]], what: (of: Finding) => string | undefined) {
  return others.every((one) => what(one) === what(first));
}

function indented(line: string): string {
  return `    ${line}`;
}

function whereText({ subject, message }: Finding): string {
  return subject.kind === 'cluster' ? message : `${subject.name}: ${message}`;
}

function hintLines(hint: string | undefined, indent = 4): string[] {
  return hint ? [pc.dim(`${' '.repeat(indent)}${hint}`)] : [];
}

/** Where cause and cure of a reason are to be read; what blocks comes first. */
function adviceLines(findings: readonly Finding[]): string[] {
  const reasons = [...new Set(groupsOf(findings).map(([{ reason }]) => reason))];
  const text = explainText(reasons);
  return text ? [pc.dim(`  ${text}`)] : [];
}

/** `reroot explain AnotherWriter`, in a sentence; undefined where there is no reason. */
export function explainText(reasons: readonly string[]): string | undefined {
  const [first, ...others] = reasons;
  if (first === undefined) return undefined;
  return `Cause and cure${others.length > 0 ? ' of each' : ''}: \`reroot explain ${first}\`${others.length > 0 ? ', and so on' : ''}`;
}
