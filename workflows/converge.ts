import { setCurrentDetails } from '@temporalio/workflow';
import { formatFinding } from '../src/rotation/findings.js';
import type { Finding } from '../src/rotation/findings.js';
import type { RollingPhase } from '../src/rotation/phases.js';
import { orderNamespaces } from '../src/rotation/plan.js';
import { type RotationStatus, statusMarkdown } from '../src/rotation/status.js';
import type { GateResult, PhaseInput, PreflightResult, ReinjectResult, StepInput } from '../src/rotation/steps.js';
import type { Operator } from './operator.js';
import { longStep, step } from './steps.js';

/** What the runbook's steps share. */
export interface Rotation {
  input: StepInput;
  mesh: PreflightResult;
  status: RotationStatus;
  operator: Operator;
}

/** Identity reads anchors only at its start, and the injector decides what new pods get: these two first. */
const CONTROL_PLANE_ORDER = ['linkerd-identity', 'linkerd-proxy-injector'];

/**
 * Brings every live proxy to what the phase requires: look; roll the control plane, in its order; make sure that new
 * pods come out right; roll the namespaces, in waves; look again. Until the gate passes.
 */
export async function converge(rotation: Rotation, phase: RollingPhase): Promise<void> {
  const { operator, status } = rotation;
  status.namespaces = [];
  for (;;) {
    let gate = await look(rotation, phase);
    if (gate.reverted.length > 0) {
      await standStill(rotation, phase, gate);
      continue;
    }
    if (gate.passed) return;
    const stuck: Finding[] = [];
    const controlPlane = rotation.input.linkerdNamespace;
    if (gate.namespaces.some(({ name }) => name === controlPlane)) {
      stuck.push(...(await rollControlPlane(rotation, phase)));
    }
    if (stuck.length === 0 && phase !== 'issue')
      stuck.push(
        ...(await operator.interruptible(async () => await longStep.awaitInjection(phaseInput(rotation, phase)))),
      );
    if (stuck.length === 0) stuck.push(...(await rollNamespaces(rotation, phase, gate)));
    status.stragglers = stuck;
    gate = await look(rotation, phase);
    if (gate.passed) break;
    if (gate.reverted.length === 0) await askForHelp(rotation, phase, gate, stuck);
  }
  status.stragglers = [];
}

/** The gate, looked at now. */
export async function look(rotation: Rotation, phase: RollingPhase): Promise<GateResult> {
  const { operator, status } = rotation;
  const gate = await operator.interruptible(async () => await step.checkGate(phaseInput(rotation, phase)));
  status.gate = { ...gate, phase, at: new Date().toISOString() };
  setCurrentDetails(statusMarkdown(status));
  return gate;
}

export function phaseInput({ input, status, operator }: Rotation, phase: RollingPhase): PhaseInput {
  return { ...input, phase, waivers: status.waivers, retry: operator.retries() };
}

/** One component after the other; the rest of the control plane together at the end. In `issue` only identity. */
async function rollControlPlane(rotation: Rotation, phase: RollingPhase): Promise<Finding[]> {
  const groups: (string[] | undefined)[] =
    phase === 'issue' ? [[CONTROL_PLANE_ORDER[0] ?? '']] : [...CONTROL_PLANE_ORDER.map((name) => [name]), undefined];
  for (const only of groups) {
    const { stragglers } = await reinjectNamespace(rotation, phase, rotation.input.linkerdNamespace, only);
    if (stragglers.length > 0) return stragglers;
  }
  return [];
}

/** Several namespaces at a time; one that is stuck does not hold up the others. */
async function rollNamespaces(rotation: Rotation, phase: RollingPhase, gate: GateResult): Promise<Finding[]> {
  const { settings, linkerdNamespace } = rotation.input;
  const names = gate.namespaces.map(({ name }) => name).filter((name) => name !== linkerdNamespace);
  const queue = orderNamespaces(names, rotation.mesh.extensions, settings.rollout);
  for (const namespace of queue) track(rotation, { ...untouched(namespace, phase), state: 'waiting' });
  const stragglers: Finding[] = [];
  const lane = async (): Promise<void> => {
    for (let namespace = queue.shift(); namespace !== undefined; namespace = queue.shift()) {
      stragglers.push(...(await reinjectNamespace(rotation, phase, namespace)).stragglers);
    }
  };
  await Promise.all(Array.from({ length: settings.rollout.namespaces }, lane));
  return stragglers;
}

async function reinjectNamespace(
  rotation: Rotation,
  phase: RollingPhase,
  namespace: string,
  only?: string[],
): Promise<ReinjectResult> {
  track(rotation, { ...untouched(namespace, phase), state: 'running' });
  const result = await rotation.operator.interruptible(async () => {
    const summary = `${phase} ${namespace}${only ? `: ${only.join(', ')}` : ''}`;
    const args = { ...phaseInput(rotation, phase), namespace, ...(only ? { only } : {}) };
    return await longStep.reinject.executeWithOptions({ summary }, [args]);
  });
  track(rotation, { ...result, state: result.stragglers.length > 0 ? 'stuck' : 'done' });
  return result;
}

function untouched(namespace: string, phase: RollingPhase) {
  return { namespace, phase, workloads: 0, workloadsDone: 0, proxies: 0, proven: 0, rolled: 0, waitingFor: [] };
}

function track({ status }: Rotation, progress: RotationStatus['namespaces'][number]): void {
  const others = status.namespaces.filter(({ namespace }) => namespace !== progress.namespace);
  status.namespaces = [...others, progress].toSorted((a, b) => a.namespace.localeCompare(b.namespace, 'en'));
  setCurrentDetails(statusMarkdown(status));
}

/** Somebody put back what this rotation has written: wait until they are stopped, then write it again. */
async function standStill({ input, operator }: Rotation, phase: RollingPhase, gate: GateResult): Promise<void> {
  await operator.hold('another writer reverts the rotation', gate.reverted.map(formatFinding));
  await operator.interruptible(async () => {
    await step.addRootToBundle(input);
    if (phase !== 'trust') await step.swapIssuer(input);
    if (phase === 'retire') await step.removeOldRootFromBundle(input);
  });
}

async function askForHelp(rotation: Rotation, phase: RollingPhase, gate: GateResult, stuck: Finding[]): Promise<void> {
  const findings = stuck.length > 0 ? stuck : gate.findings;
  await rotation.operator.attention(
    {
      for: `${gate.proxies - gate.proven} proxies that do not meet the gate of ${phase}`,
      on: findings.slice(0, 10).map(formatFinding),
      todo: 'Repair what is named (the rotation notices by itself), `retry`, or `waive` it with a reason.',
    },
    async () => await longStep.awaitChange(phaseInput(rotation, phase)),
  );
}
