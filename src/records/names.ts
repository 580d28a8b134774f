/** The objects that are reroot's own, all in the Linkerd namespace; deploy/objects.yaml makes them beforehand. */

/** The new root and issuer of the rotation under way; emptied at its end. */
export const ROTATION_SECRET = 'reroot-rotation';
/** The root in use after a rotation, with its key when it was to be kept. */
export const ROOT_SECRET = 'reroot-trust-root';
/** Where people approve in the cluster: never written by reroot, which has no right to. */
export const APPROVAL_CONFIGMAP = 'reroot-approval';
export const APPROVED_ANNOTATION = 'reroot.dev/approved';
export const REPORT_CONFIGMAP = 'reroot-report';
/** How the rotation under way, or the last one, has gone: for whoever looks. No rotation needs it. */
export const TIMELINE_CONFIGMAP = 'reroot-timeline';
/** Keeps other rotations of the cluster out. */
export const LEASE = 'reroot';

/** On the rotation's Secret: its short name, and fingerprints of the roots to take out. */
export const ROTATION_ANNOTATION = 'reroot.dev/rotation';
export const RETIRE_ANNOTATION = 'reroot.dev/retire';
/** On the Lease and on the rotation's Secret: the first run of the workflow that holds the one, and made the other. */
export const RUN_ANNOTATION = 'reroot.dev/run-id';
/** Who makes the new issuer where it is not reroot. */
export const ISSUER_ANNOTATION = 'reroot.dev/issuer';
