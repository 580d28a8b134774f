import { ApplicationFailure, CancellationScope, log, setCurrentDetails, workflowInfo } from '@temporalio/workflow';
import { blocking, formatFinding } from '../src/rotation/findings.js';
import { type InputResult, invalidInputMessage, type RotationSettings } from '../src/rotation/input.js';
import type { RotationReport } from '../src/rotation/report.js';
import { type RotationStatus, statusMarkdown } from '../src/rotation/status.js';
import type {
  BundleWritten,
  GenerateResult,
  LeaseInput,
  PlanResult,
  PreflightResult,
} from '../src/rotation/payloads.js';
import { type Course, type IssuerState, phasesOf, type Strategy } from '../src/rotation/strategies.js';
import { goBack } from './abort.js';
import { converge } from './converge.js';
import { isAbort, listenToOperator, type Operator } from './operator.js';
import { inPhase, now } from './phase.js';
import { causeOf, longStep, quickStep, step } from './steps.js';
import { phaseInput, type Rotation } from './waves.js';

/** What the runbooks (rotate-trust-root.ts, rotate-issuer.ts) have in common: beginning, end, and steps of both. */

/** First of all, so that bad input fails the execution at once with everything that is wrong with it. */
export function validated(result: InputResult): RotationSettings {
  if (result.ok) return result.settings;
  throw ApplicationFailure.nonRetryable(invalidInputMessage(result.problems), 'InvalidInput', result.problems);
}

export interface Begun {
  rotation: Rotation;
  roots: GenerateResult;
}

/**
 * Takes the Lease, looks at the mesh, makes the certificates, runs the runbook, and finishes; aborted on the way, it goes
 * back. In any case the Lease is given back.
 */
export async function run(
  settings: RotationSettings,
  strategy: Strategy,
  runbook: (begun: Begun) => Promise<void>,
): Promise<RotationReport | PlanResult> {
  const status = newStatus(settings, strategy);
  const operator = listenToOperator(status);
  if (settings.planOnly) return await planOnly(settings, strategy);
  const lease: LeaseInput = {
    linkerdNamespace: settings.linkerdNamespace,
    firstRunId: workflowInfo().firstExecutionRunId,
  };
  let rotation: Rotation | undefined;
  try {
    const mesh = await inPhase(status, 'preflight', async () => {
      await acquireLease(lease);
      return await preflight(settings, strategy, status, operator);
    });
    const course: Course = {
      strategy,
      leafRenewal: settings.leafRenewal,
      direction: 'forward',
      ...(mesh.recovery ? { recovery: mesh.recovery } : {}),
    };
    const input = { settings, course, linkerdNamespace: mesh.linkerdNamespace };
    const begun: Rotation = (rotation = { input, mesh, status, operator });
    const roots = await inPhase(status, 'generate', async () => await generate(begun));
    await runbook({ rotation: begun, roots });
    return await finish(begun, roots, 'completed');
  } catch (error) {
    if (isAbort(error)) return await aborted(rotation, status, operator);
    status.outcome = 'failed';
    throw error;
  } finally {
    setCurrentDetails(statusMarkdown(status));
    await CancellationScope.nonCancellable(async () => await quickStep.releaseLease(lease)).catch((error: unknown) => {
      log.warn('the Lease could not be given back; the next rotation takes it over', causeOf(error));
    });
  }
}

/** Changes nothing, and needs no permission to. */
async function planOnly(settings: RotationSettings, strategy: Strategy): Promise<PlanResult> {
  const found = await step.preflight({ settings, strategy });
  if (found.linkerdNamespace === undefined) throw notReady(found.findings);
  return { plan: found.plan, findings: found.findings };
}

async function aborted(
  rotation: Rotation | undefined,
  status: RotationStatus,
  operator: Operator,
): Promise<RotationReport> {
  const { phase } = status;
  const { by, reason } = operator.beginAbort();
  if (rotation && status.roots) {
    const roots = status.roots;
    await goBack(rotation);
    status.aborted = { phase, at: now(), ...(by ? { by } : {}), ...(reason ? { reason } : {}) };
    return await finish(rotation, roots, 'aborted');
  }
  if (rotation) await step.discard(rotation.input);
  status.outcome = 'aborted';
  throw ApplicationFailure.nonRetryable(`aborted in phase ${phase}, before anything was changed`, 'Aborted');
}

async function finish(
  rotation: Rotation,
  roots: GenerateResult,
  outcome: RotationReport['outcome'],
): Promise<RotationReport> {
  const { status, operator, input } = rotation;
  status.pastPointOfNoReturn = true; // what an abort would need goes
  const report = await inPhase(status, 'finish', async () => {
    const written = reportOf(rotation, roots, outcome);
    await operator.interruptible(async () => await step.finish({ ...input, report: written }));
    return written;
  });
  status.outcome = outcome;
  return { ...report, finishedAt: now(), phases: status.phases };
}

async function acquireLease(lease: LeaseInput): Promise<void> {
  try {
    await step.acquireLease(lease);
  } catch (error) {
    const { type, message } = causeOf(error);
    // preflight follows, and lists this permission among all that are missing
    if (type === 'KubernetesForbidden') return;
    throw ApplicationFailure.nonRetryable(message, type);
  }
}

async function preflight(
  settings: RotationSettings,
  strategy: Strategy,
  status: RotationStatus,
  operator: Operator,
): Promise<PreflightResult> {
  const mesh = await operator.interruptible(async () => await step.preflight({ settings, strategy }));
  const found = blocking(mesh.findings);
  if (found.length > 0 || mesh.linkerdNamespace === undefined) throw notReady(found);
  status.linkerdNamespace = mesh.linkerdNamespace;
  status.linkerdVersion = mesh.linkerdVersion;
  status.plan = mesh.plan;
  if (mesh.recovery) status.recovery = mesh.recovery;
  status.notes.push(...mesh.findings.map(formatFinding));
  return mesh;
}

function notReady(found: Parameters<typeof formatFinding>[0][]): ApplicationFailure {
  const list = found.map((finding) => `- ${formatFinding(finding)}`).join('\n');
  return ApplicationFailure.nonRetryable(
    `The mesh is not ready for a rotation; nothing was changed:\n${list}`,
    'PreflightFailed',
    found,
  );
}

async function generate({ input, operator, status }: Rotation): Promise<GenerateResult> {
  const roots = await operator.interruptible(async () => await step.generate(input));
  status.roots = roots;
  if (roots.pastPointOfNoReturn) status.pastPointOfNoReturn = true;
  if (roots.adopted) status.notes.push('An earlier run left a new root behind: this rotation goes on with it.');
  return roots;
}

/** Writes the issuer Secret and waits for identity's word; when that is not that it took it, identity is restarted. */
export async function swapIssuer(rotation: Rotation, state: IssuerState, phase: 'bridge' | 'issue'): Promise<void> {
  const { operator, status, input } = rotation;
  const { swappedAt } = await operator.interruptible(async () => await step.writeIssuer({ ...input, state }));
  const answer = await operator.interruptible(async () => {
    return await longStep.awaitIssuer({ ...phaseInput(rotation, phase), swappedAt });
  });
  status.notes.push(`Issuer Secret written at ${swappedAt} (${state}): ${answer.message}.`);
  if (answer.outcome !== 'updated' && answer.outcome !== 'alreadyIssuing') await converge(rotation, phase);
}

export function noteHelm(status: RotationStatus, { helm }: BundleWritten): void {
  if (helm) status.notes.push(`Helm: from now on ${helm.value} has to be:\n${helm.pem}`);
}

function reportOf(
  { input, mesh, status }: Rotation,
  roots: GenerateResult,
  outcome: RotationReport['outcome'],
): RotationReport {
  const { workflowId, runId } = workflowInfo();
  return {
    outcome,
    cluster: input.settings.cluster,
    linkerdNamespace: mesh.linkerdNamespace,
    linkerdVersion: mesh.linkerdVersion,
    layout: mesh.layout,
    strategy: input.course.strategy,
    workflowId,
    runId,
    startedAt: status.startedAt,
    finishedAt: now(),
    newRoot: roots.root,
    newIssuer: roots.issuer,
    oldRoots: roots.retire,
    proxiesProven: status.gate?.proven ?? 0,
    phases: status.phases,
    waivers: status.waivers,
    approvals: status.approvals,
    notes: status.notes,
    adopted: roots.adopted,
    ...(status.aborted ? { aborted: status.aborted } : {}),
  };
}

function newStatus(settings: RotationSettings, strategy: Strategy): RotationStatus {
  return {
    workflowId: workflowInfo().workflowId,
    cluster: settings.cluster,
    strategy,
    phase: 'preflight',
    outcome: 'running',
    pastPointOfNoReturn: false,
    startedAt: now(),
    phases: phasesOf({ strategy, leafRenewal: settings.leafRenewal }).map((phase) => ({ phase, state: 'pending' })),
    namespaces: [],
    stragglers: [],
    waivers: [...settings.waive],
    approvals: [],
    notes: [],
  };
}
