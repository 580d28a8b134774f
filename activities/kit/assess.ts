import type { ProxyObservation } from '../../src/ground/mesh.js';
import type { Workload } from '../../src/kubernetes/workload.js';
import { isWaived } from '../../src/rotation/findings.js';
import type { Shortfall } from '../../src/rotation/gates.js';
import type { ReinjectInput } from '../../src/rotation/payloads.js';
import { hasRenewedInVain, isLate } from '../../src/rotation/renewal.js';
import { decideRollout, isMarkOf, phaseMark, type RolloutDecision, unmanaged } from '../../src/rotation/rollout.js';
import type { PhaseContext } from './stored-rotation.js';

/** Evictions that were refused: why, and since when (ISO 8601), by workload. */
export type Blocked = Map<string, { message: string; since: string }>;

/** One workload of a namespace: how far its proxies are, and what to do about it. */
export interface Assessment {
  name: string;
  /** Absent where the controller is of a kind that reroot does not know, or there is none. */
  workload?: Workload;
  /** One of its pods that fall short and stay. */
  outdated?: ProxyObservation;
  proxies: number;
  proven: number;
  decision: RolloutDecision;
}

/** What a namespace shows in one look. */
export interface NamespaceLook {
  workloads: readonly Workload[];
  proxies: readonly ProxyObservation[];
  blocked: Blocked;
}

/** Every workload that has proxies, or has been rolled for this phase, or whose template has to change. */
export function assess(look: NamespaceLook, phase: PhaseContext, input: ReinjectInput): Assessment[] {
  const mark = phaseMark(phase.target.id, input.phase);
  const members = new Map<string, ProxyObservation[]>();
  for (const proxy of look.proxies) {
    const key = `${proxy.workload.kind}/${proxy.workload.name}`;
    members.set(key, [...(members.get(key) ?? []), proxy]);
  }
  const known = new Map(look.workloads.map((workload) => [`${workload.kind}/${workload.name}`, workload]));
  const touched = [...known].filter(([, { mark: found, edits }]) => isMarkOf(found, mark) || edits.length > 0);
  const keys = new Set([...members.keys(), ...touched.map(([key]) => key)]);
  return [...keys]
    .map((key) => ({ name: `${input.namespace}/${key}`, workload: known.get(key), members: members.get(key) ?? [] }))
    .filter((candidate) => isConcerned(candidate, { phase, input, mark }))
    .map((candidate) => assessed(candidate, look.blocked, { phase, input, mark }));
}

interface Candidate {
  name: string;
  workload: Workload | undefined;
  members: readonly ProxyObservation[];
}

function isConcerned(
  { name, workload, members }: Candidate,
  { phase, input, mark }: { phase: PhaseContext; input: ReinjectInput; mark: string },
): boolean {
  if (input.only && !input.only.includes(workload?.name ?? '')) return false;
  if (isWaived({ kind: 'workload', name }, input.waivers)) return false;
  const now = new Date();
  return (
    !input.late ||
    isMarkOf(workload?.mark, mark) ||
    members.some((proxy) => isLate(proxy, now) || isInVain(proxy, phase, input))
  );
}

function isInVain(proxy: ProxyObservation, { requirement, target }: PhaseContext, { since }: ReinjectInput): boolean {
  return hasRenewedInVain(proxy, since) && requirement(proxy, target) !== undefined;
}

/** How many pods of a workload fall short, and in which way. */
interface Standing {
  short: { proxy: ProxyObservation; shortfall: Shortfall }[];
  outdated: ProxyObservation[];
  starting: number;
  startingBecause: string | undefined;
  leaving: number;
}

function standingOf(members: readonly ProxyObservation[], { requirement, target }: PhaseContext): Standing {
  const short = members.flatMap((proxy) => {
    const shortfall = requirement(proxy, target);
    return shortfall && !(shortfall.unproven && proxy.terminating) ? [{ proxy, shortfall }] : [];
  });
  const starting = short.filter(({ shortfall }) => shortfall.unproven);
  return {
    short,
    outdated: short
      .filter(({ shortfall, proxy }) => !shortfall.unproven && !proxy.terminating)
      .map(({ proxy }) => proxy),
    starting: starting.length,
    startingBecause: starting[0]?.shortfall.message,
    leaving: short.filter(({ proxy }) => proxy.terminating).length,
  };
}

function assessed(
  { name, workload, members }: Candidate,
  blocked: Blocked,
  { phase, input, mark }: { phase: PhaseContext; input: ReinjectInput; mark: string },
): Assessment {
  const standing = standingOf(members, phase);
  const { short, outdated, starting, startingBecause, leaving } = standing;
  const { deletePods, stuckAfter } = input.settings.rollout;
  const counts = { name, proxies: members.length, proven: members.length - short.length };
  if (!workload) return { ...counts, ...first(outdated), decision: decideUnmanaged(members[0], standing) };
  const decision = decideRollout({
    workload,
    staleTemplate: workload.edits.length > 0,
    deletePods,
    blocked: blocked.get(name),
    outdated: outdated.length,
    starting,
    leaving,
    startingBecause,
    mark,
    retry: input.retry,
    stuckAfterMs: stuckAfter,
    now: new Date(),
  });
  return { ...counts, workload, ...first(outdated), decision };
}

function first([outdated]: readonly ProxyObservation[]): { outdated?: ProxyObservation } {
  return outdated ? { outdated } : {};
}

/** Jobs, bare pods and controllers of kinds that reroot does not know. */
function decideUnmanaged(member: ProxyObservation | undefined, standing: Standing): RolloutDecision {
  const short = standing.outdated.length + standing.starting;
  if (!member || short + standing.leaving === 0) return { do: 'nothing' };
  if (short === 0) return { do: 'wait', why: 'its last old pods are leaving' };
  const { reason, message, hint } = unmanaged(member.workload.kind);
  return { do: 'straggle', reason, message: `${short} of its pods fall short: ${message}`, hint };
}
