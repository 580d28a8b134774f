import { ApplicationFailure, workflowInfo } from '@temporalio/workflow';
import { courseOf } from '../src/rotation/courses/index.js';
import { blocking, type Finding, formatFinding } from '../src/rotation/findings.js';
import { type InputResult, invalidInputMessage, type RotationRequest } from '../src/rotation/input.js';
import type { GenerateResult, LeaseInput, PlanResult, PreflightResult } from '../src/rotation/payloads.js';
import type { RotationStatus } from '../src/rotation/status.js';
import type { Operator } from './operator/index.js';
import { inPhase } from './in-phase.js';
import type { Generated, Rotation } from './rotation.js';
import { causeOf, interruptibleSteps, plain, type Steps } from './steps.js';

/** First of all, so that bad input fails the execution at once with everything that is wrong with it. */
export function validated(result: InputResult): RotationRequest {
  if (result.ok) return { settings: result.settings, course: result.course };
  throw ApplicationFailure.nonRetryable(invalidInputMessage(result.problems), 'InvalidInput', result.problems);
}

/** What `planOnly` asks for: it changes nothing, and needs no permission to. */
export async function planOnly(request: RotationRequest): Promise<PlanResult> {
  const found = await plain.preflight(request);
  if (found.linkerdNamespace === undefined) throw notReady(found.findings);
  return { plan: found.plan, findings: found.findings };
}

/** Takes the Lease, and refuses what cannot end well. */
export async function begin(
  request: RotationRequest,
  { status, operator, lease }: { status: RotationStatus; operator: Operator; lease: LeaseInput },
): Promise<Rotation> {
  const steps = interruptibleSteps(operator);
  return await inPhase(status, 'preflight', async () => {
    await acquireLease(lease);
    const mesh = await preflight(request, steps, status);
    const course = { ...request.course, ...(mesh.recovery ? { recovery: mesh.recovery } : {}) };
    const { linkerdNamespace, clusterUid } = mesh;
    const firstRunId = workflowInfo().firstExecutionRunId;
    const input = { settings: request.settings, course, linkerdNamespace, clusterUid, firstRunId };
    return { input, course: courseOf(course), mesh, status, operator, steps };
  });
}

/** Makes the certificates, or adopts those that another run has left. */
export async function generate(rotation: Rotation): Promise<Generated> {
  const { status, steps, input } = rotation;
  return await inPhase(status, 'generate', async () => {
    const roots: GenerateResult = await steps.generate(input);
    status.roots = roots;
    if (roots.pastPointOfNoReturn) status.pastPointOfNoReturn = true;
    if (roots.adopted)
      status.notes.push('An earlier run left its certificates behind: this rotation goes on with them.');
    return { ...rotation, roots };
  });
}

async function acquireLease(lease: LeaseInput): Promise<void> {
  try {
    await plain.acquireLease(lease);
  } catch (error) {
    const { type, message } = causeOf(error);
    // preflight follows, and lists this permission among all that are missing
    if (type === 'KubernetesForbidden') return;
    throw ApplicationFailure.nonRetryable(message, type);
  }
}

async function preflight(request: RotationRequest, steps: Steps, status: RotationStatus): Promise<PreflightResult> {
  const mesh = await steps.preflight(request);
  const found = blocking(mesh.findings);
  if (found.length > 0 || mesh.linkerdNamespace === undefined) throw notReady(found);
  status.linkerdNamespace = mesh.linkerdNamespace;
  status.linkerdVersion = mesh.linkerdVersion;
  status.plan = mesh.plan;
  if (mesh.recovery) status.recovery = mesh.recovery;
  status.notes.push(...mesh.findings.map(formatFinding));
  return mesh;
}

function notReady(found: Finding[]): ApplicationFailure {
  const list = found.map((finding) => `- ${formatFinding(finding)}`).join('\n');
  return ApplicationFailure.nonRetryable(
    `The mesh is not ready for a rotation; nothing was changed:\n${list}`,
    'PreflightFailed',
    found,
  );
}
