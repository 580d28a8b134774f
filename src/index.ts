import { ISSUER_WORKFLOW_TYPE, WORKFLOW_TYPE } from './temporal/names.js';
import type { IssuerInput, RotationInput } from './rotation/input.js';
import type { PlanResult } from './rotation/payloads.js';
import type { RotationReport } from './rotation/report.js';

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
export type { Finding, Subject, Waiver } from './rotation/findings.js';
export type { IssuerInput, RotationInput } from './rotation/input.js';
export type { PlanResult } from './rotation/payloads.js';
export type { Plan } from './rotation/plan.js';
export type { PlannedPhase, ReportedPhase } from './rotation/planned-phases.js';
export type { Approval, RotationReport } from './rotation/report.js';
export type { Alert, RotationStatus, Waiting } from './rotation/status.js';
export { ISSUER_WORKFLOW_TYPE, SEARCH_ATTRIBUTES, TASK_QUEUE, WORKFLOW_TYPE, workflowIdFor } from './temporal/names.js';

/** What it fails with is the cause of the client's `WorkflowFailedError`. */
type RotationWorkflow<Input> = (input?: Input) => Promise<RotationReport | PlanResult>;

/**
 * Replaces the trust root: give it to `client.workflow.start`. With `planOnly` the result is the plan, else the report.
 * It fails with `InvalidInput`, `PreflightFailed`, `RotationAlreadyRunning` or `Aborted`.
 */
export const rotateTrustRoot: RotationWorkflow<RotationInput> = workflow(WORKFLOW_TYPE);

/** Replaces the identity issuer under the root in use. It fails as `rotateTrustRoot` does, or with `RootKeyMissing`. */
export const rotateIssuer: RotationWorkflow<IssuerInput> = workflow(ISSUER_WORKFLOW_TYPE);

/**
 * A workflow's type and arguments without its code, which would come with zod and set zod's configuration for the whole
 * process. Temporal's client asks a function for its name only, and the name is a string that no minifier shortens.
 */
function workflow<Input>(type: string): RotationWorkflow<Input> {
  const start: RotationWorkflow<Input> = async () => {
    throw new Error(`${type} runs in \`reroot worker\` only: start it with a Temporal client's workflow.start.`);
  };
  return Object.defineProperty(start, 'name', { value: type });
}
