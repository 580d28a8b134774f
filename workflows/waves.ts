import type { Row } from '../src/rotation/courses/course.js';
import { capped } from '../src/rotation/capped.js';
import type { Finding } from '../src/rotation/findings.js';
import type { GateResult, NamespaceProgress, ReinjectInput, ReinjectResult } from '../src/rotation/payloads.js';
import { UNCAPPED } from '../src/rotation/pace.js';
import type { GatedPhase } from '../src/rotation/phases.js';
import { orderNamespaces } from '../src/rotation/plan.js';
import { shownNamespaces } from '../src/rotation/shown-namespaces.js';
import type { RotationStatus } from '../src/rotation/status.js';
import { showDetails } from './in-phase.js';
import { phaseInput, type Rotation } from './rotation.js';

/** Identity reads anchors only at its start, and the injector decides what new pods get: these two first. */
const IDENTITY = 'linkerd-identity';
const INJECTOR = 'linkerd-proxy-injector';

/** Stragglers that a status names; the gate counts all. */
const MOST_STRAGGLERS = 100;

/** One component after the other; the rest of the control plane together at the end. Some gates are identity's alone. */
export async function rollControlPlane(rotation: Rotation, { phase, whose }: Row): Promise<Finding[]> {
  const { linkerdNamespace } = rotation.input;
  const groups: (string[] | undefined)[] = whose === 'identity' ? [[IDENTITY]] : [[IDENTITY], [INJECTOR], undefined];
  for (const only of groups) {
    const { stragglers } = await reinjectNamespace(rotation, phase, linkerdNamespace, only ? { only } : {});
    if (stragglers.length > 0) return stragglers;
  }
  return [];
}

/**
 * Several namespaces at a time; one that is stuck does not hold up the others.
 * @param which `proveFirst`: the injector could not be rehearsed, so each namespace begins with one workload
 */
export async function rollNamespaces(
  rotation: Rotation,
  { phase }: Row,
  gate: GateResult,
  which: Pick<ReinjectInput, 'proveFirst'> = {},
): Promise<Finding[]> {
  const { settings, linkerdNamespace } = rotation.input;
  const names = gate.namespaces.map(({ name }) => name).filter((name) => name !== linkerdNamespace);
  const queue = orderNamespaces(names, rotation.mesh.extensions, settings.rollout);
  for (const namespace of queue) track(rotation, { ...untouched(rotation, phase, namespace), state: 'waiting' });
  const stragglers: Finding[] = [];
  const lane = async (): Promise<void> => {
    for (let namespace = queue.shift(); namespace !== undefined; namespace = queue.shift()) {
      stragglers.push(...(await reinjectNamespace(rotation, phase, namespace, which)).stragglers);
    }
  };
  const lanes = await Promise.allSettled(
    Array.from({ length: settings.rollout.namespaces ?? UNCAPPED.namespaces }, lane),
  );
  // an abort leaves every lane; its way back begins when the last has ended what it was doing
  for (const result of lanes) if (result.status === 'rejected') throw result.reason;
  return capped(stragglers, MOST_STRAGGLERS).shown;
}

export async function reinjectNamespace(
  rotation: Rotation,
  phase: GatedPhase,
  namespace: string,
  which: Pick<ReinjectInput, 'only' | 'late' | 'since' | 'proveFirst'> = {},
): Promise<ReinjectResult> {
  const before = untouched(rotation, phase, namespace);
  track(rotation, { ...before, state: 'running' });
  const summary = `${phase} ${namespace}${which.only ? `: ${which.only.join(', ')}` : ''}`;
  const result = await rotation.steps.reinject(summary, () => ({
    ...phaseInput(rotation, phase),
    namespace,
    ...which,
    ...('undone' in before ? { undone: before.undone } : {}),
  }));
  track(rotation, { ...result, state: result.stragglers.length > 0 ? 'stuck' : 'done' });
  return result;
}

/** Nothing is known of it, but for what an earlier step of this phase has found put back. */
function untouched({ status }: Rotation, phase: GatedPhase, namespace: string): NamespaceProgress {
  const { undone } = status.namespaces.find((known) => known.namespace === namespace && known.phase === phase) ?? {};
  return {
    namespace,
    phase,
    workloads: 0,
    workloadsDone: 0,
    proxies: 0,
    proven: 0,
    rolled: 0,
    waitingFor: [],
    ...(undone ? { undone } : {}),
  };
}

function track({ status }: Rotation, progress: RotationStatus['namespaces'][number]): void {
  const others = status.namespaces.filter(({ namespace }) => namespace !== progress.namespace);
  status.namespaces = shownNamespaces([...others, progress]);
  showDetails(status);
}
