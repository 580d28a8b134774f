/** The phases of a rotation, in order (docs/phases.md). */
export const PHASES = ['preflight', 'generate', 'trust', 'issue', 'renew', 'approve', 'retire', 'finish'] as const;
export type Phase = (typeof PHASES)[number];

/** Phases in which workloads are rolled until every proxy meets the phase's requirement (in `issue`, identity only). */
export type RollingPhase = 'trust' | 'issue' | 'renew' | 'retire';

export interface PhaseProgress {
  phase: Phase;
  state: 'pending' | 'running' | 'done';
  /** ISO 8601. */
  startedAt?: string;
  finishedAt?: string;
}

/** The phase after which the old root is on its way out: abort is possible before it, not after. */
export const POINT_OF_NO_RETURN: Phase = 'retire';
