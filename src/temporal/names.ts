import { DEFAULT_CLUSTER } from '../ground/cluster-name.js';

/** Names in Temporal that the worker, the CLI and people share. */
export const WORKFLOW_TYPE = 'rotateTrustRoot';
export const ISSUER_WORKFLOW_TYPE = 'rotateIssuer';
export const WATCH_WORKFLOW_TYPE = 'watchTrustRoot';
/** The front queue: the workflows of every cluster. */
export const TASK_QUEUE = 'reroot';
/** Added by the worker at its start, or by hand where it may not; rotations do without them where they are missing. */
export const SEARCH_ATTRIBUTES = ['RerootCluster', 'RerootPhase'] as const;

/** What the worker of the front queue answers from its own process (a local activity): it has no steps. */
export interface FrontActivities {
  /** Whether the Temporal namespace knows the search attributes. */
  knowsSearchAttributes(): Promise<boolean>;
  /** How many workers there are for the steps of a cluster. */
  countWorkers(cluster: string): Promise<number>;
}

/** Whether an address is one of Temporal Cloud: of a namespace, or of a region (docs.temporal.io/cloud/namespaces). */
export function isCloud(address: string): boolean {
  return /\.tmprl\.cloud(:\d+)?$|\.api\.temporal\.io(:\d+)?$/.test(address);
}

/** The workflow id that the CLI uses: one per cluster. Without a slash, which Temporal's HTTP API cannot take in an id. */
export function workflowIdFor(cluster: string): string {
  return `trust-root-${cluster}`;
}

/** The workflow id of a cluster's watch, and the id of its Schedule, whose looks have the time behind it. */
export function watchIdFor(cluster: string): string {
  return `watch-trust-root-${cluster}`;
}

/** Where the steps of one cluster run: its workers poll it, and no others. `front`: the queue of the workflow. */
export function stepQueue(front: string, cluster: string): string {
  return `${front}-${cluster}`;
}

/** What to run for somebody to serve a cluster, as one types it. */
export function workerCommand(front: string, cluster: string): string {
  const queue = front === TASK_QUEUE ? '' : ` --task-queue ${shellWord(front)}`;
  return `reroot worker${cluster === DEFAULT_CLUSTER ? '' : ` --cluster ${shellWord(cluster)}`}${queue}`;
}

function shellWord(text: string): string {
  return /^[\w./:@-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
