import { type ProxyObservation, type Target, workloadName } from '../../src/ground/mesh.js';
import type { Row } from '../../src/rotation/courses/course.js';
import { firstOfWave, notRolledFor } from '../../src/rotation/first-of-wave.js';
import type { Requirement } from '../../src/rotation/gates.js';
import { injectedWrongly } from '../../src/rotation/injection.js';
import { isMarkOf, phaseMark } from '../../src/rotation/mark.js';
import type { ReinjectInput } from '../../src/rotation/rollout-payloads.js';
import { elapsedMs } from '../../src/rotation/rollout-waits.js';
import { needsInjector } from './act.js';
import type { Assessment } from './assess.js';
import type { NamespaceMemory } from './namespace-memory.js';

interface Wave {
  /** What was seen in this look. */
  proxies: readonly ProxyObservation[];
  phase: { target: Target; requirement: Requirement; row: Pick<Row, 'retired'> };
  input: ReinjectInput;
  memory: NamespaceMemory;
}

/** Why a workload that is held back waits. */
export const BEHIND_THE_FIRST = 'no dry run of a new pod is taken: the first workload has to come out right before it';

/**
 * Holds back all workloads but one until a new pod has come out right; where it has not, the others are stragglers with it.
 * @returns what is decided of each, and those that may go
 */
export function heedFirst(
  state: Assessment[],
  { proxies, phase, input, memory }: Wave,
): { state: Assessment[]; free: Assessment[] } {
  if (!input.proveFirst) return { state, free: state };
  const mark = phaseMark(phase.target.id, input.phase);
  memory.atFirst ??= new Set(proxies.map(({ uid }) => uid));
  for (const { name, workload } of state) if (workload && workload.edits.length > 0) memory.byTemplate.add(name);
  const isInjected = ({ workload }: ProxyObservation) => !memory.byTemplate.has(workloadName(workload));
  const isNew = ({ uid, mark: own }: ProxyObservation) => isMarkOf(own, mark) || !memory.atFirst?.has(uid);
  const isRight = (proxy: ProxyObservation) => isInjectedRightly(proxy, phase);
  const made = proxies.filter((proxy) => !proxy.terminating && isNew(proxy) && isInjected(proxy));
  memory.proven ||= made.some(isRight) && made.every(isRight);
  if (memory.proven) return { state, free: state };
  const wrong = new Set(made.filter((proxy) => !isRight(proxy)).map(({ workload }) => workloadName(workload)));
  const isTried = ({ name, workload }: Assessment) => isMarkOf(workload?.mark, mark) || memory.evicted.has(name);
  const { only, failed } = firstOfWave(
    state.map((one) => ({
      name: one.name,
      decision: one.decision,
      needsInjector: needsInjector(one),
      tried: isTried(one),
      wrong: wrong.has(one.name) || (isTried(one) && isLong(one.name, { input, memory })),
    })),
  );
  const mayGo = (one: Assessment) => one.name === only || !needsInjector(one);
  if (failed === undefined) return { state, free: state.filter(mayGo) };
  const held = state.map((one) => (mayGo(one) ? one : { ...one, decision: notRolledFor(failed) }));
  return { state: held, free: held };
}

/** Since a pod of it was evicted, none has come for as long as a rollout may take. */
function isLong(name: string, { input, memory }: Pick<Wave, 'input' | 'memory'>): boolean {
  const what = `first ${name}`;
  memory.hold(what);
  return elapsedMs(memory.heldSince(what), new Date()) > input.settings.rollout.stuckAfter;
}

/** By what its process was started with, where that is asked for; else by what the phase wants. */
function isInjectedRightly(proxy: ProxyObservation, { target, requirement, row }: Wave['phase']): boolean {
  if (proxy.anchors) return injectedWrongly(proxy.anchors, target, row) === undefined;
  return requirement(proxy, target) === undefined;
}
