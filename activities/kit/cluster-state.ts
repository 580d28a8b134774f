import type { ProxyObservation } from '../../src/ground/mesh.js';
import type { Workload } from '../../src/kubernetes/workload.js';
import type { MeshedPod } from '../../src/linkerd/proxies/pods.js';
import type { InLine } from '../../src/rotation/budget.js';
import { type CanaryVerdict, heedCanary, heldBehind } from '../../src/rotation/canary.js';
import { isMarkOf, phaseMark } from '../../src/rotation/mark.js';
import { isNext } from '../../src/rotation/rollout-waits.js';
import type { ReinjectInput, ReinjectNamespacesInput, UndoneRolls } from '../../src/rotation/rollout-payloads.js';
import { needsInjector } from './act.js';
import { assess, type Assessment } from './assess.js';
import { BEHIND_THE_FIRST, heedFirst } from './first-of-wave.js';
import { withInjectorDown } from './heed-injector.js';
import { namespaceMemory, type NamespaceMemory } from './namespace-memory.js';
import { isBusy } from './namespace-progress.js';
import { judgedOf } from '../../src/linkerd/proxies/judged-pods.js';
import type { PhaseContext } from './stored-rotation.js';

/** A workload, with what the budget has to know of it. */
export type InCluster = Assessment & InLine;

/** All namespaces of a rollout in one look. */
export interface Cluster {
  all: InCluster[];
  byNamespace: ReadonlyMap<string, readonly InCluster[]>;
  /** Why workloads of a namespace are held back, by workload; those that are not in it may be rolled. */
  held: ReadonlyMap<string, string>;
  /** Workloads that others of their namespace wait for. */
  canaries: ReadonlySet<string>;
  proxies: number;
}

export type ClusterState = ReturnType<typeof clusterState>;

/** What a rollout over many namespaces remembers of each from look to look. */
export function clusterState(phase: PhaseContext, input: ReinjectNamespacesInput, undone: UndoneRolls) {
  const namespaces = new Set(input.waves.flat());
  const memories = new Map([...namespaces].map((name) => [name, namespaceMemory(undoneIn(name, undone))]));
  const rolled = new Map<string, number>();
  const { anchors } = phase.evidence;
  const memoryOf = (namespace: string): NamespaceMemory => {
    const memory = memories.get(namespace) ?? namespaceMemory();
    memories.set(namespace, memory);
    return memory;
  };
  return {
    memoryOf,
    count: (namespace: string, more: number): void => void rolled.set(namespace, (rolled.get(namespace) ?? 0) + more),
    rolledIn: (namespace: string): number => rolled.get(namespace) ?? 0,
    /** Pods that this rollout is about (`judgedPods`). */
    membersOf: (pods: readonly MeshedPod[]): MeshedPod[] =>
      judgedOf(pods, anchors).filter(({ namespace }) => namespaces.has(namespace)),
    assess: (workloads: readonly Workload[], proxies: readonly ProxyObservation[], injectorIsUp: boolean): Cluster => {
      const own = { workloads: grouped(workloads), proxies: grouped(proxies) };
      const byNamespace = new Map<string, InCluster[]>();
      const held = new Map<string, string>();
      const canaries = new Set<string>();
      for (const namespace of namespaces) {
        const look = { workloads: own.workloads.get(namespace) ?? [], proxies: own.proxies.get(namespace) ?? [] };
        const of = { phase, input: { ...input, namespace }, memory: memoryOf(namespace) };
        const seen = inNamespace(look, of, injectorIsUp);
        byNamespace.set(namespace, seen.state);
        for (const [name, why] of seen.held) held.set(name, why);
        for (const name of seen.canaries) canaries.add(name);
      }
      return { all: [...byNamespace.values()].flat(), byNamespace, held, canaries, proxies: proxies.length };
    },
  };
}

function undoneIn(namespace: string, undone: UndoneRolls): UndoneRolls {
  return Object.fromEntries(Object.entries(undone).filter(([name]) => name.startsWith(`${namespace}/`)));
}

function grouped<T extends { namespace: string }>(items: readonly T[]): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const group = groups.get(item.namespace);
    if (group) group.push(item);
    else groups.set(item.namespace, [item]);
  }
  return groups;
}

interface Of {
  phase: PhaseContext;
  input: ReinjectInput;
  memory: NamespaceMemory;
}

function inNamespace(
  look: { workloads: Workload[]; proxies: ProxyObservation[] },
  { phase, input, memory }: Of,
  injectorIsUp: boolean,
): { state: InCluster[]; held: Map<string, string>; canaries: Iterable<string> } {
  memory.lookAgain();
  const found = assess(look, { phase, input, memory });
  const stuckAfterMs = input.settings.rollout.stuckAfter;
  const heeding =
    injectorIsUp || !found.some(needsInjector) ? found : withInjectorDown(found, { memory, stuckAfterMs });
  const { state, free } = heedFirst(heeding, { proxies: look.proxies, phase, input, memory });
  const mark = phaseMark(phase.target.id, input.phase);
  const line = state.map((one) => inLine(one, input.namespace, isBegun(one, memory, mark)));
  const verdict = heedCanary(
    input.namespace,
    line.map((one) => ({
      ...one,
      asked: one.workload?.canary === true,
      sound: one.workload?.rolledOut === true,
    })),
    input.settings.rollout.canary,
  );
  const held = new Map<string, string>();
  for (const one of state) if (!free.includes(one)) held.set(one.name, BEHIND_THE_FIRST);
  return { state: behindCanary(line, verdict, held), held, canaries: verdict.only ?? [] };
}

function inLine(one: Assessment, namespace: string, begun: boolean): InCluster {
  const left = Math.max(0, one.staying - one.proven); // what is on its way out costs nobody anything
  return { ...one, namespace, begun, atOnce: one.workload?.speed?.atOnce ?? 1, left };
}

function isBegun({ name, workload }: Assessment, memory: NamespaceMemory, mark: string): boolean {
  return isMarkOf(workload?.mark, mark) || memory.evicted.has(name);
}

/** Notes who waits for the canary; where that has failed, they are stragglers with it. */
function behindCanary(line: InCluster[], { only, failed }: CanaryVerdict, held: Map<string, string>): InCluster[] {
  if (failed !== undefined)
    return line.map((one) => (isNext(one.decision) ? { ...one, decision: heldBehind(failed) } : one));
  if (!only) return line;
  const canaries = [...only].join(', ');
  for (const one of line)
    if (isNext(one.decision) && !only.has(one.name)) held.set(one.name, `after its canary, ${canaries}`);
  return line;
}

/**
 * Who may be rolled now: a wave begins when nothing is left to do in those before it; and in it the canaries of all its namespaces,
 * as long as they have a head start.
 */
export function openWaves(
  waves: readonly (readonly string[])[],
  { byNamespace, held, canaries }: Cluster,
  isAhead: (canaries: number) => boolean,
): Set<string> {
  const open = new Set<string>();
  for (const wave of waves) {
    const members = wave.flatMap((namespace) => byNamespace.get(namespace) ?? []);
    const isFree = ({ name }: InCluster) => !held.has(name);
    if (!members.some(isBusy)) continue;
    const first = members.filter((one) => canaries.has(one.name) && isBusy(one));
    for (const { name } of (isAhead(first.length) ? first : members).filter(isFree)) open.add(name);
    break;
  }
  return open;
}
