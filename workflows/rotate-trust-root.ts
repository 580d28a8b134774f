import {
  ApplicationFailure,
  CancellationScope,
  log,
  setCurrentDetails,
  upsertSearchAttributes,
  workflowInfo,
} from '@temporalio/workflow';
import { defineSearchAttributeKey, SearchAttributeType } from '@temporalio/common';
import { blocking, formatFinding } from '../src/rotation/findings.js';
import { invalidInputMessage, readInput, type RotationInput, type RotationSettings } from '../src/rotation/input.js';
import { type Phase, PHASES } from '../src/rotation/phases.js';
import type { RotationReport } from '../src/rotation/report.js';
import { type RotationStatus, statusMarkdown } from '../src/rotation/status.js';
import type { BundleWritten, GenerateResult, LeaseInput, PreflightResult } from '../src/rotation/steps.js';
import { converge, look, phaseInput, type Rotation } from './converge.js';
import { listenToOperator, type Operator } from './operator.js';
import { causeOf, longStep, quickStep, step } from './steps.js';

/**
 * Replaces the identity trust root of a Linkerd mesh without a moment in which two proxies cannot talk.
 *
 * Each phase starts by looking at the cluster, so one that is already true costs a look, and a rotation that adopts
 * another's remains goes on where that one stopped. No phase is left before its gate is proven from the live proxies.
 *
 *   preflight  refuse what cannot end well
 *   generate   the new root T and its issuer, in one Secret
 *   trust      bundle := bundle + T; roll everything          gate: every process trusts T
 *   issue      swap the issuer                                gate: every identity replica issues under T
 *   renew      roll everything                                gate: every proxy presents a leaf under T
 *   approve    the last exit before the point of no return
 *   retire     bundle := bundle - old root; roll everything   gate: no process trusts the old root
 *   finish     tidy up, report
 *
 * @throws ApplicationFailure `InvalidInput`, `PreflightFailed`, `RotationAlreadyRunning`
 */
export async function rotateTrustRoot(input?: RotationInput): Promise<RotationReport> {
  const settings = validated(input);
  const status = newStatus(settings);
  const operator = listenToOperator(status);
  const lease: LeaseInput = {
    linkerdNamespace: settings.linkerdNamespace,
    firstRunId: workflowInfo().firstExecutionRunId,
  };
  try {
    const mesh = await inPhase(status, 'preflight', async () => {
      await acquireLease(lease);
      return await preflight(settings, status, operator);
    });
    const rotation: Rotation = { input: { settings, linkerdNamespace: mesh.linkerdNamespace }, mesh, status, operator };

    const roots = await inPhase(status, 'generate', async () => await generate(rotation));

    await inPhase(status, 'trust', async () => {
      await approveIfAsked(
        rotation,
        'trust',
        'The bundle gets the new root beside the old one, and everything is rolled.',
      );
      noteHelm(status, await operator.interruptible(async () => await step.addRootToBundle(rotation.input)));
      await converge(rotation, 'trust');
    });

    await inPhase(status, 'issue', async () => {
      await approveIfAsked(rotation, 'issue', 'The identity issuer is swapped for one under the new root.');
      await swapIssuer(rotation);
      await converge(rotation, 'issue');
    });

    await inPhase(status, 'renew', async () => {
      await approveIfAsked(rotation, 'renew', 'Everything is rolled to get leaves under the new root.');
      await converge(rotation, 'renew');
    });

    await inPhase(status, 'approve', async () => {
      if (settings.approvals !== 'none') {
        await approval(rotation, 'retire', 'After this the old root leaves the bundle: the point of no return.');
      }
    });

    await inPhase(status, 'retire', async () => {
      await proveAgain(rotation);
      noteHelm(status, await operator.interruptible(async () => await step.removeOldRootFromBundle(rotation.input)));
      await converge(rotation, 'retire');
    });

    const report = await inPhase(status, 'finish', async () => {
      const written = reportOf(rotation, roots);
      await operator.interruptible(async () => await step.finish({ ...rotation.input, report: written }));
      return written;
    });
    status.outcome = 'completed';
    return { ...report, finishedAt: now(), phases: status.phases };
  } catch (error) {
    status.outcome = 'failed';
    throw error;
  } finally {
    setCurrentDetails(statusMarkdown(status));
    await CancellationScope.nonCancellable(async () => await quickStep.releaseLease(lease)).catch((error: unknown) => {
      log.warn('the Lease could not be given back; the next rotation takes it over', causeOf(error));
    });
  }
}

/** First of all, so that bad input fails the execution at once with everything that is wrong with it. */
function validated(input: RotationInput | undefined): RotationSettings {
  const result = readInput(input);
  if (result.ok) return result.settings;
  throw ApplicationFailure.nonRetryable(invalidInputMessage(result.problems), 'InvalidInput', result.problems);
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
  status: RotationStatus,
  operator: Operator,
): Promise<PreflightResult> {
  const mesh = await operator.interruptible(async () => await step.preflight({ settings }));
  const found = blocking(mesh.findings);
  if (found.length > 0 || mesh.linkerdNamespace === undefined) {
    const list = found.map((finding) => `- ${formatFinding(finding)}`).join('\n');
    throw ApplicationFailure.nonRetryable(
      `The mesh is not ready for a rotation; nothing was changed:\n${list}`,
      'PreflightFailed',
      found,
    );
  }
  status.linkerdNamespace = mesh.linkerdNamespace;
  status.linkerdVersion = mesh.linkerdVersion;
  status.plan = mesh.plan;
  status.notes.push(...mesh.findings.map(formatFinding));
  return mesh;
}

async function generate({ input, operator, status }: Rotation): Promise<GenerateResult> {
  const roots = await operator.interruptible(async () => await step.generate(input));
  status.roots = roots;
  if (roots.adopted) status.notes.push('An earlier run left a new root behind: this rotation goes on with it.');
  return roots;
}

function noteHelm(status: RotationStatus, { helm }: BundleWritten): void {
  if (helm) status.notes.push(`Helm: from now on ${helm.value} has to be:\n${helm.pem}`);
}

/** Swap safety: never before the gate of `trust` holds, looked at once more right before the write. */
async function swapIssuer(rotation: Rotation): Promise<void> {
  const { operator, status } = rotation;
  await converge(rotation, 'trust');
  const { swappedAt } = await operator.interruptible(async () => await step.swapIssuer(rotation.input));
  const answer = await operator.interruptible(async () => {
    return await longStep.awaitIssuer({ ...phaseInput(rotation, 'issue'), swappedAt });
  });
  status.notes.push(`Issuer swapped at ${swappedAt}: ${answer.message}.`);
}

/** Prune safety: hours may have passed while somebody made up their mind. */
async function proveAgain(rotation: Rotation): Promise<void> {
  const gate = await look(rotation, 'renew');
  if (!gate.passed) await converge(rotation, 'renew');
}

async function approveIfAsked(rotation: Rotation, phase: Phase, meaning: string): Promise<void> {
  if (rotation.input.settings.approvals === 'everyPhase') await approval(rotation, phase, meaning);
}

async function approval({ input, operator, status }: Rotation, phase: Phase, meaning: string): Promise<void> {
  status.plan = await operator.interruptible(async () => await step.makePlan(input));
  const { hash } = status.plan;
  const todo = `${meaning} Send \`approve\` with {"planHash": "${hash}"}, or \`reroot approve\`.`;
  status.approvals.push(await operator.approval(phase, hash, todo));
}

function reportOf({ input, mesh, status }: Rotation, roots: GenerateResult): RotationReport {
  const { workflowId, runId } = workflowInfo();
  return {
    outcome: 'completed',
    cluster: input.settings.cluster,
    linkerdNamespace: mesh.linkerdNamespace,
    linkerdVersion: mesh.linkerdVersion,
    layout: mesh.layout,
    strategy: input.settings.strategy,
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
  };
}

const CLUSTER_ATTRIBUTE = defineSearchAttributeKey('RerootCluster', SearchAttributeType.KEYWORD);
const PHASE_ATTRIBUTE = defineSearchAttributeKey('RerootPhase', SearchAttributeType.KEYWORD);

async function inPhase<T>(status: RotationStatus, phase: Phase, work: () => Promise<T>): Promise<T> {
  const progress = status.phases.find((candidate) => candidate.phase === phase);
  status.phase = phase;
  if (progress) Object.assign(progress, { state: 'running', startedAt: now() });
  upsertSearchAttributes([
    { key: CLUSTER_ATTRIBUTE, value: status.cluster },
    { key: PHASE_ATTRIBUTE, value: phase },
  ]);
  setCurrentDetails(statusMarkdown(status));
  log.info('phase begins', { phase });
  const result = await work();
  if (progress) Object.assign(progress, { state: 'done', finishedAt: now() });
  return result;
}

function newStatus(settings: RotationSettings): RotationStatus {
  return {
    workflowId: workflowInfo().workflowId,
    cluster: settings.cluster,
    strategy: settings.strategy,
    phase: 'preflight',
    outcome: 'running',
    startedAt: now(),
    phases: PHASES.map((phase) => ({ phase, state: 'pending' })),
    namespaces: [],
    stragglers: [],
    waivers: [...settings.waive],
    approvals: [],
    notes: [],
  };
}

function now(): string {
  return new Date().toISOString();
}
