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
