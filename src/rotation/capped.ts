import type { Finding } from './findings.js';

/** Findings as results, heartbeats and status carry them: some by name, all of them counted. */
export interface Capped {
  shown: Finding[];
  total: number;
  byReason: Record<string, number>;
}

/** Names at most so many findings, in their order, and of each reason at least one, as far as that goes. */
export function capped(findings: readonly Finding[], most: number): Capped {
  const byReason: Record<string, number> = {};
  const firsts = new Set<Finding>();
  for (const finding of findings) {
    const known = byReason[finding.reason] ?? 0;
    if (known === 0) firsts.add(finding);
    byReason[finding.reason] = known + 1;
  }
  const chosen = new Set([...firsts].slice(0, most));
  for (const finding of findings) {
    if (chosen.size >= most) break;
    chosen.add(finding);
  }
  return { shown: findings.filter((finding) => chosen.has(finding)), total: findings.length, byReason };
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
