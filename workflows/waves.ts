import { setCurrentDetails } from '@temporalio/workflow';
import type { Finding } from '../src/rotation/findings.js';
import type { GatedPhase } from '../src/rotation/phases.js';
import { orderNamespaces } from '../src/rotation/plan.js';
import { type RotationStatus, statusMarkdown } from '../src/rotation/status.js';
import type { GateResult, PhaseInput, PreflightResult, ReinjectResult, StepInput } from '../src/rotation/payloads.js';
import { concernsIdentityAlone, goalOf } from '../src/rotation/strategies.js';
import type { Operator } from './operator.js';
import { longStep } from './steps.js';

/** What the runbook's steps share. */
export interface Rotation {
  input: StepInput;
  mesh: PreflightResult;
  status: RotationStatus;
  operator: Operator;
}

export function phaseInput({ input, status, operator }: Rotation, phase: GatedPhase): PhaseInput {
  return { ...input, phase, waivers: status.waivers, retry: operator.retries() };
}

/** Identity reads anchors only at its start, and the injector decides what new pods get: these two first. */
const IDENTITY = 'linkerd-identity';
const INJECTOR = 'linkerd-proxy-injector';

/** One component after the other; the rest of the control plane together at the end. Some gates are identity's alone. */
export async function rollControlPlane(rotation: Rotation, phase: GatedPhase): Promise<Finding[]> {
  const { course, linkerdNamespace } = rotation.input;
  const identityAlone = concernsIdentityAlone(phase, goalOf(course, phase));
  const groups: (string[] | undefined)[] = identityAlone ? [[IDENTITY]] : [[IDENTITY], [INJECTOR], undefined];
  for (const only of groups) {
    const { stragglers } = await reinjectNamespace(rotation, phase, linkerdNamespace, only ? { only } : {});
    if (stragglers.length > 0) return stragglers;
  }
  return [];
}

/** Several namespaces at a time; one that is stuck does not hold up the others. */
export async function rollNamespaces(rotation: Rotation, phase: GatedPhase, gate: GateResult): Promise<Finding[]> {
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
  const lanes = await Promise.allSettled(Array.from({ length: settings.rollout.namespaces }, lane));
  // an abort leaves every lane; its way back begins when the last has ended what it was doing
  for (const result of lanes) if (result.status === 'rejected') throw result.reason;
  return stragglers;
}

export async function reinjectNamespace(
  rotation: Rotation,
  phase: GatedPhase,
  namespace: string,
  which: { only?: string[]; late?: boolean } = {},
): Promise<ReinjectResult> {
  track(rotation, { ...untouched(namespace, phase), state: 'running' });
  const result = await rotation.operator.interruptible(async () => {
    const summary = `${phase} ${namespace}${which.only ? `: ${which.only.join(', ')}` : ''}`;
    return await longStep.reinject.executeWithOptions({ summary }, [
      { ...phaseInput(rotation, phase), namespace, ...which },
    ]);
  });
  track(rotation, { ...result, state: result.stragglers.length > 0 ? 'stuck' : 'done' });
  return result;
}

function untouched(namespace: string, phase: GatedPhase) {
  return { namespace, phase, workloads: 0, workloadsDone: 0, proxies: 0, proven: 0, rolled: 0, waitingFor: [] };
}

function track({ status }: Rotation, progress: RotationStatus['namespaces'][number]): void {
  const others = status.namespaces.filter(({ namespace }) => namespace !== progress.namespace);
  status.namespaces = [...others, progress].toSorted((a, b) => a.namespace.localeCompare(b.namespace, 'en'));
  setCurrentDetails(statusMarkdown(status));
}
