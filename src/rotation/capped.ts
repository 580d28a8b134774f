import { plain } from '../ground/plain.js';
import { jsonBytes } from '../ground/size.js';
import type { Finding } from './findings.js';

/** Findings as results, heartbeats and status carry them: some by name, all of them counted. */
export interface Capped {
  shown: Finding[];
  total: number;
  byReason: Record<string, number>;
}

/** Bytes of the findings that are named, as JSON. */
const MOST_BYTES = 36_000;
/** Characters: what other programs have said may be of any length. */
const LONGEST = { message: 1000, hint: 700, name: 400 } as const;

/**
 * Names at most so many findings, in their order, and of each reason at least one, as far as that goes; each in plain text of
 * bounded length, and all together in bounded size: results, heartbeats and status travel.
 * @param inTurn the same findings, those first that have to be named before others
 */
export function capped(findings: readonly Finding[], most: number, inTurn: readonly Finding[] = findings): Capped {
  const byReason: Record<string, number> = {};
  const firsts: Finding[] = [];
  for (const finding of inTurn) {
    const known = byReason[finding.reason] ?? 0;
    if (known === 0) firsts.push(finding);
    byReason[finding.reason] = known + 1;
  }
  const chosen = chosenOf([...firsts, ...inTurn], most);
  const shown = findings.flatMap((finding) => chosen.get(finding) ?? []);
  return { shown, total: findings.length, byReason };
}

function chosenOf(findings: readonly Finding[], most: number): Map<Finding, Finding> {
  const chosen = new Map<Finding, Finding>();
  let left = MOST_BYTES;
  for (const finding of findings) {
    if (chosen.size >= most) break;
    if (chosen.has(finding)) continue;
    const short = shortened(finding);
    left -= jsonBytes(short);
    if (left < 0) break;
    chosen.set(finding, short);
  }
  return chosen;
}

function shortened({ reason, severity, message, subject, hint }: Finding): Finding {
  const { kind, name, workload } = subject;
  return {
    reason: plain(reason),
    severity,
    message: plain(message, LONGEST.message),
    subject: {
      kind,
      name: plain(name, LONGEST.name),
      ...(workload === undefined ? {} : { workload: plain(workload, LONGEST.name) }),
    },
    ...(hint === undefined ? {} : { hint: plain(hint, LONGEST.hint) }),
  };
}

/** How many of each reason are counted and not named. */
export function omittedOf({ shown, byReason }: Pick<Capped, 'shown' | 'byReason'>): Record<string, number> {
  const named = (reason: string) => shown.filter((finding) => finding.reason === reason).length;
  const left = Object.entries(byReason).map(([reason, count]) => [reason, count - named(reason)] as const);
  return Object.fromEntries(left.filter(([, count]) => count > 0));
}

/** `and 5,980 more ProxyUnreadable, 12 more BarePod`; undefined: all are named. */
export function omittedText(omitted: Readonly<Record<string, number>> = {}): string | undefined {
  const parts = Object.entries(omitted).map(([reason, count]) => `${withThousands(count)} more ${reason}`);
  return parts.length > 0 ? `and ${parts.join(', ')}` : undefined;
}

/** Intl is not the same in every runtime, and workflows must not depend on it. */
function withThousands(count: number): string {
  return String(count).replaceAll(/\B(?=(\d{3})+$)/g, ',');
}
