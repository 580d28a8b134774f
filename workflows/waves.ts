import type { Row } from '../src/rotation/courses/course.js';
import { present } from '../src/ground/present.js';
import { rolloutStopped } from '../src/rotation/brake.js';
import type { Finding } from '../src/rotation/findings.js';
import type { GateResult } from '../src/rotation/payloads.js';
import type {
  NamespaceProgress,
  ReinjectInput,
  ReinjectNamespacesInput,
  ReinjectResult,
  ShownNamespace,
} from '../src/rotation/rollout-payloads.js';
import type { GatedPhase } from '../src/rotation/phases.js';
import { wavesOf } from '../src/rotation/plan.js';
import { shownNamespaces } from '../src/rotation/shown-namespaces.js';
import { showDetails } from './in-phase.js';
import { phaseInput, type Rotation } from './rotation.js';
import { closesAt } from './window.js';

/** Identity reads anchors only at its start, and the injector decides what new pods get: these two first. */
const IDENTITY = 'linkerd-identity';
const INJECTOR = 'linkerd-proxy-injector';

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
 * All namespaces, wave by wave; one that is stuck does not hold up the others, as long as there are not too many of them.
 * @param which `proveFirst`: the injector could not be rehearsed, so each namespace begins with one workload
 * @returns stragglers; `closed`: the window has closed before all were rolled
 */
export async function rollNamespaces(
  rotation: Rotation,
  row: Pick<Row, 'phase'>,
  gate: GateResult,
  which: Pick<ReinjectNamespacesInput, 'proveFirst'> = {},
): Promise<Finding[] | 'closed'> {
  const { phase } = row;
  const { input, mesh, steps, status } = rotation;
  const { settings, linkerdNamespace } = input;
  const names = gate.namespaces.map(({ name }) => name).filter((name) => name !== linkerdNamespace);
  const waves = wavesOf(names, mesh.extensions, settings.rollout);
  const begun = waves.flatMap((wave, index) =>
    wave.map((namespace): ShownNamespace => ({
      ...untouched(rotation, phase, namespace),
      state: index === 0 ? 'running' : 'waiting',
    })),
  );
  track(rotation, ...begun);
  const { stragglers, stopped, closed, shown, undone } = await steps.reinjectNamespaces(
    `${phase} ${names.length} namespaces`,
    () => ({
      ...phaseInput(rotation, phase),
      waves,
      ...which,
      ...present({ until: closesAt(rotation, row) }),
      ...(status.undone?.phase === phase ? { undone: status.undone.rolls } : {}),
    }),
  );
  if (undone) status.undone = { phase, rolls: undone };
  track(rotation, ...shown);
  if (closed) return 'closed';
  return stopped === undefined ? stragglers : [rolloutStopped(stopped), ...stragglers];
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

function track({ status }: Rotation, ...progress: ShownNamespace[]): void {
  const newer = new Set(progress.map(({ namespace }) => namespace));
  const others = status.namespaces.filter(({ namespace }) => !newer.has(namespace));
  status.namespaces = shownNamespaces([...others, ...progress]);
  showDetails(status);
}
