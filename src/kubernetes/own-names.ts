/** What reroot writes on objects of others. Its own objects are in src/records. */

/** Who writes, as the API server records it in managedFields. */
export const FIELD_MANAGER = 'reroot';
export const MANAGED_BY_LABEL = 'app.kubernetes.io/managed-by';
/** On pod templates (and so on their pods): rotation and phase that rolled them. */
export const MARK_ANNOTATION = 'reroot.dev/rolled-for';
/** On workloads: when the mark above was written; ISO 8601. */
export const MARKED_AT_ANNOTATION = 'reroot.dev/rolled-at';
/** On workloads: the user wants it to be rolled before the others of its namespace. */
export const CANARY_ANNOTATION = 'reroot.dev/canary';
