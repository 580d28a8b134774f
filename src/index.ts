import { ISSUER_WORKFLOW_TYPE, WATCH_WORKFLOW_TYPE, WORKFLOW_TYPE } from './temporal/names.js';
import type { IssuerInput, RotationInput } from './rotation/input.js';
import type { PlanResult } from './rotation/payloads.js';
import type { RotationReport } from './rotation/report.js';
import type { WatchInput } from './rotation/watch-input.js';
import type { WatchReport } from './rotation/watch-status.js';

/**
 * The package as a program of its own sees it: what a Temporal client needs to start a rotation, to follow it, and to
 * talk to it. A rotation runs in `reroot worker`; nothing here reaches a cluster.
 */

export { abort, approve, pause, resume, retry, status, strategy, unwaive, waive } from '../workflows/messages.js';
export type {
  AbortArgs,
  ApproveArgs,
  PauseArgs,
  Reply,
  StrategyArgs,
  UnwaiveArgs,
  WaiveArgs,
} from '../workflows/messages.js';
export { approveRenewal, lookNow, watchStatus } from '../workflows/watch/messages.js';
export type { ApproveRenewalArgs } from '../workflows/watch/messages.js';
export type { Finding, Subject, Waiver } from './rotation/findings.js';
export type { IssuerInput, RotationInput } from './rotation/input.js';
export type { PlanResult } from './rotation/payloads.js';
export type { Plan } from './rotation/plan.js';
export type { PlannedPhase, ReportedPhase } from './rotation/planned-phases.js';
export type { Approval, RotationReport } from './rotation/report.js';
export type { Alert, RotationStatus, Waiting } from './rotation/status.js';
export type { RenewalLook } from './rotation/watch.js';
export type { Ahead, Expiry } from './rotation/watch-expiry.js';
export type { WatchInput } from './rotation/watch-input.js';
export type { WatchReport, WatchStatus } from './rotation/watch-status.js';
export {
  ISSUER_WORKFLOW_TYPE,
  SEARCH_ATTRIBUTES,
  TASK_QUEUE,
  WATCH_WORKFLOW_TYPE,
  watchIdFor,
  WORKFLOW_TYPE,
  workflowIdFor,
} from './temporal/names.js';

type WatchWorkflow = (input?: WatchInput) => Promise<WatchReport>;

/** What it fails with is the cause of the client's `WorkflowFailedError`. */
type RotationWorkflow<Input> = (input?: Input) => Promise<RotationReport | PlanResult>;

/**
 * Replaces the trust root: give it to `client.workflow.start`. With `planOnly` the result is the plan, else the report.
 * It fails with `InvalidInput`, `PreflightFailed`, `RotationAlreadyRunning` or `Aborted`; one that a watch has started also with `RootReplaced`.
 */
export const rotateTrustRoot: RotationWorkflow<RotationInput> = workflow(WORKFLOW_TYPE);

/** Replaces the identity issuer under the root in use. It fails as `rotateTrustRoot` does, or with `RootKeyMissing`. */
export const rotateIssuer: RotationWorkflow<IssuerInput> = workflow(ISSUER_WORKFLOW_TYPE);

/** Watches a root that cert-manager renews by itself, or one that expires (`before`), and starts its rotation. It fails with `InvalidInput` or `NothingToWatch`. */
export const watchTrustRoot: WatchWorkflow = workflow(WATCH_WORKFLOW_TYPE);

/**
 * A workflow's type and arguments without its code, which would come with zod and set zod's configuration for the whole
 * process. Temporal's client asks a function for its name only, and the name is a string that no minifier shortens.
 */
function workflow(type: string): () => Promise<never> {
  const start = async (): Promise<never> => {
    throw new Error(`${type} runs in \`reroot worker\` only: start it with a Temporal client's workflow.start.`);
  };
  return Object.defineProperty(start, 'name', { value: type });
}
