/** The phases of a rotation (docs/phases.md); which of them, and in which order, is up to the strategy (strategies.ts). */
export type Phase =
  | 'preflight'
  | 'generate'
  | 'trust'
  /** bridge: the issuer key in use is certified a second time, under the new root. */
  | 'bridge'
  | 'issue'
  | 'renew'
  | 'approve'
  | 'retire'
  /** Leaves refresh until none needs the old issuer key. */
  | 'refresh'
  | 'finish'
  /** Back to the certificates of the start. */
  | 'abort';

/** Phases that end with a gate over proxies. That of `approve` is looked at once more right before `retire`. */
export type GatedPhase = 'trust' | 'bridge' | 'issue' | 'renew' | 'approve' | 'retire' | 'refresh';

export interface PhaseProgress {
  phase: Phase;
  state: 'pending' | 'running' | 'done' | 'aborted';
  /** ISO 8601. */
  startedAt?: string;
  finishedAt?: string;
}
