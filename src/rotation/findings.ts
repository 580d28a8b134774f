import type { GatedPhase } from './phases.js';

/** What a finding is about. Names are written as people write them: `payments`, `payments/Deployment/api`. */
export interface Subject {
  kind: 'cluster' | 'namespace' | 'workload' | 'pod' | 'object';
  name: string;
}

/**
 * Something observed that is not as it must be. Gates, preflight, status and the report all speak in findings.
 * - `block`: the rotation cannot pass this point while it is so.
 * - `warn`: a person should know; nothing waits for it.
 */
export interface Finding {
  /** Stable CamelCase word to search and alert by. */
  reason: string;
  severity: 'block' | 'warn';
  /** One sentence: what happened, to what. */
  message: string;
  subject: Subject;
  /** What to do about it. */
  hint?: string;
}

/** An operator's decision to go on without a subject, with the reason that the report will show. */
export interface Waiver {
  /** `namespace`, `namespace/Kind/name`, or `namespace/Pod/name`. */
  subject: string;
  reason: string;
  by?: string | undefined;
  /**
   * The gate that it opens. `rollout`: none, its rollout alone is not waited for, and its proxies still have to pass.
   * Absent where the input waives it: every gate.
   */
  gate?: GatedPhase | 'rollout' | undefined;
  /** `back`: given on the way back, so it opens that way's gate. */
  direction?: 'back' | undefined;
}

/** The waivers that open the gate of a phase; for rollouts every waiver counts. */
export function opening(
  waivers: readonly Waiver[],
  { phase, direction }: { phase: GatedPhase; direction: 'forward' | 'back' },
): Waiver[] {
  return waivers.filter(
    ({ gate, direction: given = 'forward' }) => gate === undefined || (gate === phase && given === direction),
  );
}

export function blocking(findings: readonly Finding[]): Finding[] {
  return findings.filter((finding) => finding.severity === 'block');
}

/** Whether a waiver covers a subject: the subject itself, or the namespace it is in. */
export function isWaived(subject: Subject, waivers: readonly Waiver[]): boolean {
  if (subject.kind === 'cluster' || subject.kind === 'object') return false;
  return waivers.some(({ subject: waived }) => subject.name === waived || subject.name.startsWith(`${waived}/`));
}

export function formatFinding(finding: Finding): string {
  const where = finding.subject.kind === 'cluster' ? '' : `${finding.subject.name}: `;
  return `${finding.reason}: ${where}${finding.message}${finding.hint ? ` (${finding.hint})` : ''}`;
}
