import { ApplicationFailure, condition, workflowInfo } from '@temporalio/workflow';
import { courseOf } from '../src/rotation/courses/index.js';
import { omittedText } from '../src/rotation/capped.js';
import { addNote } from '../src/rotation/notes.js';
import { blocking, formatFinding } from '../src/rotation/findings.js';
import { type InputResult, invalidInputMessage, type RotationRequest } from '../src/rotation/input.js';
import type { GenerateResult, HelloResult, LeaseInput, PlanResult, PreflightResult } from '../src/rotation/payloads.js';
import type { RotationStatus } from '../src/rotation/status.js';
import { replacedAlready, startedByWatch } from '../src/rotation/watch-start.js';
import { stepQueue, workerCommand } from '../src/temporal/names.js';
import { isLeaving, type Operator } from './operator/index.js';
import { inPhase } from './in-phase.js';
import type { Generated, Rotation } from './rotation.js';
import { causeOf, interruptibleSteps, type Steps, stepsOn } from './steps.js';

/** The Lease as the workflow knows it. */
export interface Lease extends LeaseInput {
  /** It was asked for, so this rotation may hold it. */
  asked?: boolean;
}

/** How long a worker has for its first answer before the rotation says that it waits for one. */
const SILENCE = '5s';

/** First of all, so that bad input fails the execution at once with everything that is wrong with it. */
export function validated(result: InputResult): RotationRequest {
  if (result.ok) return { settings: result.settings, course: result.course };
  throw ApplicationFailure.nonRetryable(invalidInputMessage(result.problems), 'InvalidInput', result.problems);
}

/** What `planOnly` asks for: it changes nothing, and needs no permission to. */
export async function planOnly(
  request: RotationRequest,
  { status, operator }: { status: RotationStatus; operator: Operator },
): Promise<PlanResult> {
  await meetWorker(status, operator);
  const found = await stepsOn(status.cluster).plain.preflight(request);
  if (found.linkerdNamespace === undefined) throw notReady(found);
  const { plan, findings, findingsOmitted } = found;
  return { plan, findings, ...(findingsOmitted ? { findingsOmitted } : {}) };
}

/** Takes the Lease, and refuses what cannot end well. */
export async function begin(
  request: RotationRequest,
  { status, operator, lease }: { status: RotationStatus; operator: Operator; lease: Lease },
): Promise<Rotation> {
  const steps = interruptibleSteps(operator, status.cluster);
  return await inPhase(status, 'preflight', async () => {
    const { clusterUid: met } = await meetWorker(status, operator);
    if (met !== undefined) lease.clusterUid = met;
    await acquireLease(steps, lease);
    const mesh = await preflight({ ...request, ...(met === undefined ? {} : { clusterUid: met }) }, steps, status);
    const course = { ...request.course, ...(mesh.recovery ? { recovery: mesh.recovery } : {}) };
    const { linkerdNamespace, clusterUid, owners } = mesh;
    const firstRunId = workflowInfo().firstExecutionRunId;
    const { settings } = request;
    const input = { settings, course, linkerdNamespace, clusterUid, firstRunId, ...(owners ? { owners } : {}) };
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
      addNote(status.notes, 'An earlier run left its certificates behind: this rotation goes on with them.');
    return { ...rotation, roots };
  });
}

/** Somebody has to serve the cluster: as long as nobody does, the rotation says so, and waits without history. */
async function meetWorker(status: RotationStatus, { interruptible, waitForWorker }: Operator): Promise<HelloResult> {
  const { cluster } = status;
  const queue = workflowInfo().taskQueue;
  const waiting = {
    for: `a worker of cluster ${cluster}`,
    on: [],
    todo: `Start one: \`${workerCommand(queue, cluster)}\` (it polls task queue \`${stepQueue(queue, cluster)}\`).`,
  };
  const once = async (): Promise<HelloResult> => {
    let met = false;
    const answer = stepsOn(cluster)
      .plain.hello()
      .finally(() => (met = true));
    answer.catch(() => undefined); // paused or aborted meanwhile
    if (await condition(() => met, SILENCE)) return await answer;
    return await waitForWorker(waiting, async () => await answer);
  };
  return await interruptible({ once });
}

async function acquireLease({ acquireLease: acquire }: Steps, lease: Lease): Promise<void> {
  const { asked: _, ...input } = lease;
  lease.asked = true;
  try {
    await acquire(input);
  } catch (error) {
    if (isLeaving(error)) throw error;
    const { type, message } = causeOf(error);
    // preflight follows, and lists this permission among all that are missing
    if (type === 'KubernetesForbidden') return;
    throw ApplicationFailure.nonRetryable(message, type);
  }
}

async function preflight(
  request: Parameters<Steps['preflight']>[0],
  steps: Steps,
  status: RotationStatus,
): Promise<PreflightResult> {
  const mesh = await steps.preflight(request);
  if (blocking(mesh.findings).length > 0 || mesh.linkerdNamespace === undefined) throw notReady(mesh);
  const replaced = replacedAlready(startedByWatch(workflowInfo().memo), mesh.plan.retire);
  if (replaced !== undefined) throw ApplicationFailure.nonRetryable(replaced, 'RootReplaced');
  status.linkerdNamespace = mesh.linkerdNamespace;
  status.linkerdVersion = mesh.linkerdVersion;
  status.plan = mesh.plan;
  if (mesh.recovery) status.recovery = mesh.recovery;
  for (const finding of mesh.findings) addNote(status.notes, formatFinding(finding));
  const more = omittedText(mesh.findingsOmitted);
  if (more) addNote(status.notes, `Preflight found this, ${more}.`);
  return mesh;
}

/** Only what blocks: warnings are for those who go on. */
export function notReady({
  findings,
  findingsOmitted = {},
}: Pick<PreflightResult, 'findings' | 'findingsOmitted'>): ApplicationFailure {
  const found = blocking(findings);
  const reasons = new Set(found.map(({ reason }) => reason));
  const more = omittedText(
    Object.fromEntries(Object.entries(findingsOmitted).filter(([reason]) => reasons.has(reason))),
  );
  const list = [...found.map(formatFinding), ...(more ? [more] : [])].map((line) => `- ${line}`).join('\n');
  return ApplicationFailure.nonRetryable(
    `The mesh is not ready for a rotation; nothing was changed:\n${list}`,
    'PreflightFailed',
    found,
  );
}
