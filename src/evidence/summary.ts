import type { EvidenceLine, LineOfProxy } from './lines.js';

/** How many proxies of a namespace were proven, and how many were not. */
export interface NamespaceSummary {
  namespace: string;
  /** Live at the end. */
  listed: number;
  lookedAt: number;
  waived: number;
  unseen: number;
}

/** By namespace, in the order of the evidence. */
export function summaryOf(evidence: readonly EvidenceLine[]): NamespaceSummary[] {
  const found = new Map<string, NamespaceSummary>();
  for (const line of evidence) {
    if (!isOfProxy(line)) continue;
    const { namespace } = line;
    const summary = found.get(namespace) ?? { namespace, listed: 0, lookedAt: 0, waived: 0, unseen: 0 };
    summary.listed += 1;
    summary[FIELDS[line.kind]] += 1;
    found.set(namespace, summary);
  }
  return [...found.values()];
}

const FIELDS = { proxy: 'lookedAt', waived: 'waived', unseen: 'unseen' } as const;

export function isOfProxy(line: EvidenceLine): line is LineOfProxy {
  return line.kind !== 'rotation' && line.kind !== 'certificate';
}
