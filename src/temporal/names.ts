/** Names in Temporal that the worker, the CLI and people share. */
export const WORKFLOW_TYPE = 'rotateTrustRoot';
export const ISSUER_WORKFLOW_TYPE = 'rotateIssuer';
export const TASK_QUEUE = 'reroot';
/** Registered by the worker at its start, or by hand where it may not. */
export const SEARCH_ATTRIBUTES = ['RerootCluster', 'RerootPhase'] as const;

/** The workflow id that the CLI uses: one per cluster. Without a slash, which Temporal's HTTP API cannot take in an id. */
export function workflowIdFor(cluster: string): string {
  return `trust-root-${cluster}`;
}
