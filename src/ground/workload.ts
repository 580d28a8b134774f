/** The object of somebody else's kind that owns a workload or pods: the resource of an operator. */
export interface OwnerRef {
  kind: string;
  name: string;
  /** Of its API, where it has one. */
  group?: string;
}

/** How its controller brings new pods: what a prediction is made of. */
export interface RolloutSpeed {
  /** Pods that are replaced at the same time. */
  atOnce: number;
  /** An old pod has to be gone before its successor is made. */
  oldGoesFirst: boolean;
  /** Milliseconds that a new pod has to be ready before it counts (`minReadySeconds`). */
  minReadyMs: number;
  /** Milliseconds that an old pod may take to go (`terminationGracePeriodSeconds`). */
  graceMs: number;
}

/** What matters of a Deployment, StatefulSet or DaemonSet, of whatever kind. */
export interface WorkloadSnapshot {
  kind: string;
  /** The mark in the pod template: for which rotation and phase it was last rolled. */
  mark?: string;
  /** When that mark was written; ISO 8601. */
  markedAt?: string;
  /** Somebody has taken that mark off again. */
  dropped?: true;
  /** Its own controller, that may put back what others change in it. */
  owner?: OwnerRef;
  /** Who else writes its pod template, as the API server has noted it; the last one first. */
  writers?: string[];
  /** What replaces its pods: the controller itself, an eviction of each, or nothing but its next run (CronJob). */
  replacement: 'rollout' | 'eviction' | 'next run';
  /** Why only an eviction replaces them. */
  evictionBecause?: string;
  /** Why nothing replaces them, if so. */
  unrollable?: { reason: string; message: string; hint: string };
  /** How many pods it is to have. */
  wanted?: number;
  /** Absent where its controller does not replace them. */
  speed?: RolloutSpeed;
  /** Its template says that its pods get no proxy. */
  unmeshed?: true;
  /** The controller has brought every pod to the newest template. */
  rolledOut: boolean;
  /** The controller has given up, in its own words. */
  failed?: string;
  /** What the controller waits for, in its own words. */
  waitingFor?: string;
}
