import { isSameWorkload, type ProxyObservation, workloadName } from '../../src/ground/mesh.js';
import { present } from '../../src/ground/present.js';
import type { Workload } from '../../src/kubernetes/workload.js';
import { isWaived, withoutControlPlane } from '../../src/rotation/findings.js';
import type { Shortfall } from '../../src/rotation/gates.js';
import { withoutProxy } from '../../src/rotation/lost-proxies.js';
import { isMarkOf, markToWrite, phaseMark } from '../../src/rotation/mark.js';
import type { ReinjectInput } from '../../src/rotation/rollout-payloads.js';
import { hasRenewedInVain, isLate } from '../../src/rotation/renewal.js';
import { decideRollout } from '../../src/rotation/rollout.js';
import type { RolloutDecision, Waited } from '../../src/rotation/rollout-waits.js';
import { saidOfOnlyProxies } from '../../src/rotation/only-proxy.js';
import { decideUnmanaged, ROLLED_KINDS, type UnmanagedPods } from '../../src/rotation/unmanaged.js';
import type { NamespaceMemory } from './namespace-memory.js';
import type { PhaseContext } from './stored-rotation.js';
import { leftMark, shownMark } from './last-roll.js';

/** One workload of a namespace: how far its proxies are, and what to do about it. */
export interface Assessment {
  name: string;
  /** Absent where the controller is of a kind that reroot does not know, or there is none. */
  workload?: Workload;
  /** One of its pods that fall short and stay. */
  outdated?: ProxyObservation;
  proxies: number;
  /** Those that are not being deleted. */
  staying: number;
  proven: number;
  decision: RolloutDecision;
}

/** What a namespace shows in one look. */
export interface NamespaceLook {
  workloads: readonly Workload[];
  proxies: readonly ProxyObservation[];
}

/** What all workloads are judged by. */
interface Basis {
  phase: Pick<PhaseContext, 'target' | 'requirement'> & { linkerd: Pick<PhaseContext['linkerd'], 'leafLifeMs'> };
  input: ReinjectInput;
  memory: NamespaceMemory;
  /** The mark of this rotation and phase. */
  mark: string;
  now: Date;
}

/** Every workload that has proxies, or has been rolled for this phase, or whose template has to change. */
export function assess(look: NamespaceLook, of: Omit<Basis, 'mark' | 'now'>): Assessment[] {
  const { phase, input, memory } = of;
  const basis = { ...of, mark: phaseMark(phase.target.id, input.phase), now: new Date() };
  const known = new Map(look.workloads.map((found) => [`${found.kind}/${found.name}`, asRolled(found, basis)]));
  const members = new Map<string, ProxyObservation[]>();
  for (const proxy of look.proxies) {
    const key = keyOf(proxy, known);
    members.set(key, [...(members.get(key) ?? []), proxy]);
  }
  const touched = [...known].filter(
    ([key, { mark, edits }]) =>
      isMarkOf(mark, basis.mark) || edits.length > 0 || memory.evicted.has(`${input.namespace}/${key}`),
  );
  const keys = new Set([...members.keys(), ...touched.map(([key]) => key), ...evictedOf(basis)]);
  return [...keys]
    .map((key) => ({ name: `${input.namespace}/${key}`, workload: known.get(key), members: members.get(key) ?? [] }))
    .filter((candidate) => isConcerned(candidate, basis))
    .map((candidate) => assessed(candidate, basis));
}

/**
 * With the mark of the last roll of this phase, also where somebody has taken that off the template again: this activity may
 * know of it, and the object's own mark tells, where it is left.
 */
function asRolled(workload: Workload, { memory, mark, input }: Basis): Workload {
  const sought = { mark, wanted: markToWrite({ mark, retry: input.retry, run: input.firstRunId }) };
  const shown = shownMark(workload, sought);
  const written = memory.rolled.get(workloadName(workload)) ?? leftMark(workload, sought);
  if (written?.mark === undefined || written.mark === shown?.mark) return { ...workload, ...shown };
  return { ...workload, ...written, dropped: true };
}

/** What has lost a pod by eviction and may have none any more; of what is rolled it is known by itself whether it is there. */
function evictedOf({ memory, input }: Basis): string[] {
  const keys = [...memory.evicted.keys()].map((name) => name.slice(input.namespace.length + 1));
  return keys.filter((key) => !ROLLED_KINDS.includes(key.split('/')[0] ?? ''));
}

/** A pod of another object than the one that is there under its name is by itself: nobody is rolled for it. */
function keyOf({ pod, workload }: ProxyObservation, known: ReadonlyMap<string, Workload>): string {
  const key = `${workload.kind}/${workload.name}`;
  return isSameWorkload(workload, known.get(key) ?? {}) ? key : `Pod/${pod}`;
}

interface Candidate {
  name: string;
  workload: Workload | undefined;
  members: readonly ProxyObservation[];
}

function isConcerned({ name, workload, members }: Candidate, basis: Basis): boolean {
  const { input, mark } = basis;
  if (input.only && !input.only.includes(workload?.name ?? '')) return false;
  if (isWaived({ kind: 'workload', name }, withoutControlPlane(input.waivers, input.linkerdNamespace))) return false;
  return !input.late || isMarkOf(workload?.mark, mark) || members.some((proxy) => isLateOrInVain(proxy, basis));
}

function isLateOrInVain(proxy: ProxyObservation, { phase, input, now }: Basis): boolean {
  const clock = { leafLifeMs: phase.linkerd.leafLifeMs, ...present({ since: input.since }) };
  if (isLate(proxy, clock, now)) return true;
  return hasRenewedInVain(proxy, clock) && phase.requirement(proxy, phase.target) !== undefined;
}

function assessed(candidate: Candidate, basis: Basis): Assessment {
  const { name, workload, members } = candidate;
  const { memory } = basis;
  const standing = standingOf(candidate, basis);
  const { waited, outdated } = standing;
  const decision = workload
    ? decideRollout({
        workload,
        ...waited,
        ...ofRollout(candidate, workload, basis),
        unready: outdated.find(isDown)?.pod,
      })
    : decidePods({ ...waited, ...ofOwner(candidate, outdated, basis) }, outdated);
  if (decision.do === 'wait' || decision.do === 'straggle') memory.hold(`waited for ${name}`);
  return {
    name,
    ...(workload ? { workload } : {}),
    ...(outdated[0] ? { outdated: outdated[0] } : {}),
    proxies: members.length,
    staying: members.filter(isStaying).length,
    proven: members.length - waited.outdated - waited.starting - waited.leaving,
    decision,
  };
}

/** Of pods that reroot cannot replace. */
function decidePods(pods: UnmanagedPods, outdated: readonly ProxyObservation[]): RolloutDecision {
  const decision = decideUnmanaged(pods);
  return decision.do === 'straggle' ? saidOfOnlyProxies(decision, outdated) : decision;
}

/** How many pods of a workload fall short, in which way, and since when. */
function standingOf(
  { name, members }: Candidate,
  { phase, input, memory, now }: Basis,
): { waited: Waited; outdated: ProxyObservation[] } {
  const short = members.flatMap((proxy) => {
    const shortfall = phase.requirement(proxy, phase.target);
    return shortfall && !(shortfall.unproven && proxy.terminating) ? [{ proxy, shortfall }] : [];
  });
  const starting = short.filter(({ shortfall }) => shortfall.unproven);
  const leaving = short.filter(({ proxy }) => proxy.terminating).map(({ proxy }) => proxy);
  const outdated = short.filter(({ shortfall, proxy }) => !shortfall.unproven && !proxy.terminating);
  return {
    // one that is not ready goes first: nobody is worse off
    outdated: outdated.map(({ proxy }) => proxy).toSorted((a, b) => Number(a.ready) - Number(b.ready)),
    waited: {
      outdated: outdated.length,
      starting: starting.length,
      startingBecause: starting[0]?.shortfall.message,
      unreadSince: unreadSince(starting, memory),
      leaving: leaving.length,
      leavesFirst: leavesFirst(leaving),
      firstSeen: memory.heldSince(`waited for ${name}`),
      stuckAfterMs: input.settings.rollout.stuckAfter,
      now,
    },
  };
}

function unreadSince(
  starting: readonly { proxy: ProxyObservation; shortfall: Shortfall }[],
  memory: NamespaceMemory,
): string | undefined {
  const times = starting.flatMap(({ proxy: { uid } }) => {
    memory.hold(`unread ${uid}`);
    return memory.heldSince(`unread ${uid}`) ?? [];
  });
  return times.toSorted()[0];
}

function leavesFirst(leaving: readonly ProxyObservation[]): Waited['leavesFirst'] {
  const dated = leaving.flatMap(({ pod, deletedAt }) => (deletedAt ? [{ pod, at: deletedAt }] : []));
  return dated.toSorted((a, b) => Date.parse(a.at) - Date.parse(b.at))[0];
}

/** What is asked only about pods whose owner reroot does not roll. */
function ofOwner({ name, members }: Candidate, outdated: readonly ProxyObservation[], { input, memory }: Basis) {
  const [, kind = '', named = ''] = name.split('/');
  const staying = members.filter(isStaying);
  const unready = staying.filter(isDown);
  return {
    owner: members[0]?.workload ?? { kind, name: named },
    alone: kind === 'Pod',
    deletePods: input.settings.rollout.deletePods,
    evictions: memory.evictions.get(name) ?? 0,
    before: memory.evicted.get(name) ?? 0,
    staying: staying.length,
    unready: unready.length,
    unreadyFallsShort: outdated.some(isDown),
    refused: memory.refused.get(name),
  };
}

/** What is asked only about workloads that reroot rolls. */
function ofRollout({ name, members }: Candidate, workload: Workload, { input, memory, mark, now }: Basis) {
  const lost = lostInPhase(workload, members, { before: memory.evicted.get(name), mark });
  if (lost > 0) memory.hold(`lost ${name}`);
  const wasSettled = `settled ${name} ${workload.mark}`;
  const settled = memory.heldSince(wasSettled) !== undefined;
  if (settled || (workload.rolledOut && isMarkOf(workload.mark, mark))) memory.hold(wasSettled);
  return {
    staleTemplate: workload.edits.length > 0,
    deletePods: input.settings.rollout.deletePods,
    evictions: memory.evictions.get(name) ?? 0,
    refused: memory.refused.get(name),
    lost,
    lostSince: memory.heldSince(`lost ${name}`),
    settled,
    mark,
    retry: input.retry,
    run: input.firstRunId,
    now,
  };
}

/**
 * Pods that were made anew in this phase, and have no proxy. Only of workloads whose every pod should have one: a complete
 * rollout has replaced all; of an eviction it is known how many had one before.
 */
function lostInPhase(
  workload: Workload,
  members: readonly ProxyObservation[],
  { before = 0, mark }: { before: number | undefined; mark: string },
): number {
  const { replacement, wanted = 0, mark: found } = workload;
  const byRollout = replacement === 'rollout' && isMarkOf(found, mark);
  return withoutProxy(workload, byRollout ? wanted : Math.min(before, wanted), members.filter(isStaying).length);
}

function isStaying({ terminating }: ProxyObservation): boolean {
  return !terminating;
}

function isDown({ ready }: ProxyObservation): boolean {
  return !ready;
}
