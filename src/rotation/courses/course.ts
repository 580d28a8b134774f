import type { Gate } from '../gates.js';
import type { GatedPhase } from '../phases.js';

/**
 * A course is a rotation's runbook as a table: one row a phase, top to bottom. The workflow performs rows
 * (workflows/perform.ts), each activity looks its row up, and plan, status and docs/strategies.md say what the rows say.
 */
export interface Course {
  /** As people know it; several courses may belong to one strategy. */
  strategy: string;
  /** What is replaced: the root with the issuer under it, or the issuer alone. */
  replaces: 'root' | 'issuer';
  /** The issuer key in use is certified a second time, under the target; that certificate is made anew while it is needed. */
  bridge?: true;
  /** What a rotation that adopts another's remains past the point of no return goes on with; absent: with the first row. */
  resumesAt?: GatedPhase;
  rows: readonly Row[];
}

export interface Row {
  phase: GatedPhase;
  /** What happens, for the plan: a clause without a full stop. */
  what: string;
  /** What is written when the phase begins, in this order. */
  writes: readonly Write[];
  /** What the issuer Secret holds once that is written; absent: whatever it held before. */
  issuer?: IssuerState;
  /** What each proxy must show before the phase may be left. */
  gate: Gate;
  /** Whose proxies: every replica of identity, or every proxy of the mesh. */
  whose: 'identity' | 'everybody';
  /** How those that fall short get there: their workloads are rolled, or they renew their leaves by themselves. */
  by: 'roll' | 'wait';
  /** Which anchors that are written out in pod templates are brought in step when a workload is rolled. */
  templates: 'all' | 'identity' | 'none';
  /** The gate covers templates without a pod too: scaled to zero, or the next run of a CronJob. */
  gatesTemplates?: true;
  /** The retired root has left the bundle, so new pods must not be injected with it. */
  retired?: true;
  /** Identity's word that it took the issuer stands for the gate; without it identity is restarted. */
  event?: true;
  /** The phase whose gate is proven again right before the first write. */
  first?: GatedPhase;
  /** This phase is the approval: nothing is written, and its gate is proven after the approval. */
  approval?: true;
  /** From the first write of this row on there is no way back. */
  noReturn?: true;
  /** With `rollout.pace: organic`, the owners' own deployments replace the pods until the deadline. */
  organic?: true;
  /** Once the target is in the bundle, identity alone is brought to what this phase's row says: it issues nothing. */
  identityFirst?: GatedPhase;
  /** What an approver reads; asked before every row with `approvals: everyPhase`. */
  asks?: string;
}

/**
 * - `addTarget`, `dropRetired`: the bundle gets the target, or loses what is retired, in every store.
 * - `swapIssuer`: the issuer Secret gets what the row says, and identity is waited for. `writeIssuer`: it is not.
 */
export type Write = 'addTarget' | 'swapIssuer' | 'writeIssuer' | 'dropRetired';

/** What the issuer Secret holds: the issuer of the start; that with its bridge certificate behind or before it; the new one. */
export type IssuerState = 'previous' | 'bridge' | 'crossover' | 'new';

/** @throws Error when the course has no such phase */
export function rowOf(course: Course, phase: GatedPhase): Row {
  const row = course.rows.find((candidate) => candidate.phase === phase);
  if (!row) throw new Error(`a rotation by ${course.strategy} has no phase ${phase}`);
  return row;
}

/** @throws Error when the row says of no issuer that the Secret is to hold it */
export function issuerOf({ phase, issuer }: Row): IssuerState {
  if (issuer) return issuer;
  throw new Error(`phase ${phase} writes an issuer and does not say which`);
}

/** Rollouts of the data plane that the course forces. */
export function forcedRollouts({ rows }: Course): number {
  return rows.filter(({ by, whose, approval }) => by === 'roll' && whose === 'everybody' && !approval).length;
}

/** The rows that are left of a course that was adopted past the point of no return. */
export function remainingRows({ rows, resumesAt }: Course, pastPointOfNoReturn: boolean): readonly Row[] {
  if (!pastPointOfNoReturn || resumesAt === undefined) return rows;
  return rows.slice(rows.findIndex(({ phase }) => phase === resumesAt));
}
