import type { Finding } from './findings.js';
import type { PhaseInput } from './payloads.js';
import type { GatedPhase } from './phases.js';

/** What goes into the activities that roll, what they tell meanwhile, and what comes out. */

export interface ReinjectInput extends PhaseInput {
  namespace: string;
  /** Only these workloads (control plane, in its order); absent: all of the namespace. */
  only?: string[];
  /** Only workloads with a proxy that has missed its own renewal, or has renewed in vain since a wait began (ISO 8601). */
  late?: boolean;
  since?: string;
  /** No dry run of a new pod is taken: one workload is rolled alone, and the others when its new pod has come out right. */
  proveFirst?: boolean;
  /** What an earlier such step of this phase has found undone. */
  undone?: UndoneRolls;
}

/** Rolls that somebody has put back so thoroughly that the cluster has no trace of them: the mark of each, by workload. */
export type UndoneRolls = Record<string, string>;

/** How far a phase is. */
interface Counts {
  phase: GatedPhase;
  workloads: number;
  workloadsDone: number;
  proxies: number;
  proven: number;
  /** Workloads rolled in this phase by this activity. */
  rolled: number;
}

/** Progress of one namespace in one phase; also what the activity's heartbeats carry. */
export interface NamespaceProgress extends Counts {
  namespace: string;
  /** What it is waiting for right now. */
  waitingFor: string[];
  undone?: UndoneRolls;
}

export interface ReinjectResult extends NamespaceProgress {
  stragglers: Finding[];
}

export interface ReinjectNamespacesInput extends PhaseInput {
  /** Namespaces in their waves: one begins when nothing of the one before is left to do. */
  waves: string[][];
  /** ISO 8601: nothing begins to roll after this; absent: it may take as long as it takes. */
  until?: string;
  /** As in `ReinjectInput`. */
  proveFirst?: boolean;
  undone?: UndoneRolls;
}

/** A namespace as a status shows it. */
export interface ShownNamespace extends NamespaceProgress {
  state: 'waiting' | 'running' | 'done' | 'stuck';
}

/** Progress of a rollout over many namespaces; also what the activity's heartbeats carry. */
export interface RolloutProgress extends Counts {
  /** Pods that are being replaced, and how many may be at a time. */
  inFlight: number;
  budget: number;
  /** Why fewer pods are replaced at a time than is allowed. */
  slowed?: string;
  /** As many as fit, those that people should see first. */
  shown: ShownNamespace[];
  undone?: UndoneRolls;
}

export interface ReinjectNamespacesResult extends RolloutProgress {
  stragglers: Finding[];
  /** Why nothing more is rolled although something is left; absent: nothing is, but for the stragglers. */
  stopped?: string;
  /** `until` has passed, and something is left. */
  closed?: true;
}
