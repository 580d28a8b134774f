import { isNext, type RolloutDecision } from './rollout-waits.js';

/**
 * Who is rolled next, over the whole cluster: as many pods are being replaced at a time as the budget allows, and nothing
 * waits for the slowest of its namespace. Pure.
 */

/** A workload, as the budget sees it. */
export interface InLine {
  name: string;
  namespace: string;
  decision: RolloutDecision;
  /** It has been rolled, or a pod of it evicted, in this phase. */
  begun: boolean;
  /** Pods that its controller replaces at the same time. */
  atOnce: number;
  /** Pods that are still to be replaced; those that are being deleted are not among them. */
  left: number;
}

/** What is under way at most; absent: as much as the pods allow. */
export interface Limits {
  pods: number;
  namespaces?: number | undefined;
  /** In one namespace. */
  workloads?: number | undefined;
}

/**
 * As much of the mesh as Kubernetes replaces of one Deployment where nobody has said so: `maxSurge` and `maxUnavailable`, a quarter each.
 * Of these about half are not ready at a time, and there are fewer as soon as pods take longer (`throttle.ts`).
 */
const SHARE = 0.5;
const LEAST = 100;

/** How many pods are replaced at a time where nobody has said so. */
export function usualBudget(proxies: number): number {
  return Math.max(LEAST, Math.ceil(proxies * SHARE));
}

/** Pods of a workload that are being replaced at the same time: never more than are left. */
function weight({ atOnce, left, decision }: InLine): number {
  return decision.do === 'evict' ? 1 : Math.min(atOnce, left);
}

export function isUnderWay({ decision, begun }: InLine): boolean {
  return begun && decision.do === 'wait';
}

/** Pods that are being replaced now. */
export function inFlight(line: readonly InLine[]): number {
  return line.filter(isUnderWay).reduce((sum, one) => sum + weight(one), 0);
}

/**
 * Those that may go now. What takes the most turns goes first, so that nothing long is left at the end; what was just refused
 * last. Something goes always: a workload that is larger than the budget goes alone.
 */
export function nextOfCluster<T extends InLine>(line: readonly T[], may: ReadonlySet<string>, limits: Limits): T[] {
  const busy = line.filter(isUnderWay);
  const room = roomFor(limits, busy);
  const next = line.filter((one) => isNext(one.decision) && may.has(one.name)).toSorted(inTurn);
  return next.filter((one) => room.take(one));
}

/** Counts what is under way. */
function roomFor({ pods, namespaces = Infinity, workloads = Infinity }: Limits, busy: readonly InLine[]) {
  const perNamespace = new Map<string, number>();
  let flying = 0;
  const add = (one: InLine): void => {
    flying += weight(one);
    perNamespace.set(one.namespace, (perNamespace.get(one.namespace) ?? 0) + 1);
  };
  for (const one of busy) add(one);
  const fits = (one: InLine): boolean => {
    if (flying > 0 && flying + weight(one) > pods) return false;
    const own = perNamespace.get(one.namespace) ?? 0;
    return own === 0 ? perNamespace.size < namespaces : own < workloads;
  };
  return {
    take: (one: InLine): boolean => {
      if (!fits(one)) return false;
      add(one);
      return true;
    },
  };
}

function inTurn(one: InLine, other: InLine): number {
  return Number(isRefused(one)) - Number(isRefused(other)) || turns(other) - turns(one);
}

function isRefused({ decision }: InLine): boolean {
  return 'refused' in decision;
}

function turns({ atOnce, left }: InLine): number {
  return left / Math.max(1, atOnce);
}
