import { isSameWorkload, type WorkloadRef, workloadName } from '../ground/mesh.js';
import type { RolloutSpeed, WorkloadSnapshot } from '../ground/workload.js';
import { usualBudget } from './budget.js';
import type { RotationSettings } from './input.js';
import { inLanes, NO_TIME, span, type Span, sum, times } from './span.js';
import { ROLLED_KINDS } from './unmanaged.js';

/** What a prediction is made of; measured in the mesh that it is for. */
export interface Pace {
  /** Milliseconds that leaves are valid. */
  leafLifeMs: number;
  proxies: number;
  /** One rollout of each workload of the control plane. */
  controlPlane: { name: string; lasts: Span }[];
  /** One rollout of each workload, by namespace, and how many of its pods are replaced at the same time. */
  namespaces: Lasting[][];
}

interface Lasting {
  lasts: Span;
  atOnce: number;
}

type Rollout = Pick<RotationSettings['rollout'], 'namespaces' | 'workloads' | 'pods' | 'canary'>;

/** How long one rollout of everything lasts: the control plane in its order, then the namespaces, then a look. */
export function predictRollout({ controlPlane, namespaces, proxies }: Pace, rollout: Rollout): Span {
  const budget = rollout.pods ?? usualBudget(proxies);
  const own = namespaces.map((workloads) => predictNamespace(workloads, rollout));
  const one = own.length > 0 ? inLanes(own, rollout.namespaces ?? own.length) : NO_TIME;
  return sum([
    sum(controlPlane.map(({ lasts }) => lasts)),
    longerOf(one, crowded(namespaces.flat(), budget)),
    predictLook(proxies),
  ]);
}

/** A namespace by itself: its canary, then the others. */
function predictNamespace(workloads: readonly Lasting[], { workloads: cap, canary }: Rollout): Span {
  const [first, ...others] = workloads.map(({ lasts }) => lasts).toSorted((a, b) => a.toMs - b.toMs);
  if (!first) return NO_TIME;
  if (canary === 'none') return inLanes([first, ...others], cap ?? workloads.length);
  return sum([first, others.length > 0 ? inLanes(others, cap ?? others.length) : NO_TIME]);
}

/** All of them, with so many pods under way at a time. */
function crowded(all: readonly Lasting[], budget: number): Span {
  const total = (key: keyof Span) =>
    all.reduce((podMs, { lasts, atOnce }) => podMs + lasts[key] * Math.min(atOnce, budget), 0);
  return span(Math.round(total('fromMs') / budget), Math.round(total('toMs') / budget));
}

function longerOf(one: Span, other: Span): Span {
  return span(Math.max(one.fromMs, other.fromMs), Math.max(one.toMs, other.toMs));
}

/** How long a rollout of identity alone lasts, with the write before it. */
export function predictIdentity({ controlPlane }: Pace): Span {
  const identity = controlPlane.find(({ name }) => name.endsWith(IDENTITY));
  return sum([A_WRITE, identity?.lasts ?? NO_TIME]);
}

/** Where the workload is the one that Linkerd calls so (`linkerd/Deployment/linkerd-identity`). */
const IDENTITY = '/linkerd-identity';

/** A write, and the look at what came of it. */
export const A_WRITE = span(1000, 5000);

/** How long it takes to look at so many proxies: 64 at the same time, each in milliseconds, or as long as a slow API server takes. */
export function predictLook(proxies: number): Span {
  return sum([A_WRITE, times(span(2, 20), proxies)]);
}

/** Where no pod tells how long it took to get ready. */
const UNKNOWN_START = span(10_000, 60_000);
/** Of those that live, the part that was not slower than what is reckoned with. */
const HIGH = 0.9;
/** A pod that took longer was not starting: its readiness has come and gone since. */
const LONGEST_START_MS = 30 * 60_000;

/** What is counted of a pod for plan and pace. */
export interface CountedPod {
  namespace: string;
  workload: WorkloadRef;
  /** Milliseconds from its creation to its readiness. */
  startMs?: number;
}

/** Workloads by name, as they were listed. */
export type KnownWorkloads = ReadonlyMap<string, WorkloadSnapshot & { uid?: string }>;

/** What else a prediction needs to know: how each workload replaces its pods, and whether pods may be evicted. */
export interface Circumstances {
  workloads?: KnownWorkloads;
  deletePods?: boolean;
}

export function paceOf(
  linkerd: { namespace: string; leafLifeMs: number },
  pods: readonly CountedPod[],
  { workloads = new Map(), deletePods = false }: Circumstances = {},
): Pace {
  const ofMesh = startOf(pods) ?? UNKNOWN_START;
  const rolled = byWorkload(pods).flatMap(({ name, workload, own }) => {
    const known = workloads.get(name);
    const speed = speedOf(workload, known, { deletePods, pods: own.length });
    if (!speed) return [];
    const size = Math.max(own.length, known?.wanted ?? 0);
    return [
      {
        name,
        namespace: workload.namespace,
        lasts: rolloutOf(size, speed, startOf(own) ?? ofMesh),
        atOnce: speed.atOnce,
      },
    ];
  });
  const isControlPlane = ({ namespace }: { namespace: string }) => namespace === linkerd.namespace;
  return {
    leafLifeMs: linkerd.leafLifeMs,
    proxies: pods.length,
    controlPlane: rolled.filter(isControlPlane).map(({ name, lasts }) => ({ name, lasts })),
    namespaces: byNamespace(rolled.filter((one) => !isControlPlane(one))),
  };
}

function byNamespace(rolled: readonly (Lasting & { namespace: string })[]): Lasting[][] {
  const namespaces = new Map<string, Lasting[]>();
  for (const { namespace, lasts, atOnce } of rolled) {
    const own = namespaces.get(namespace);
    if (own) own.push({ lasts, atOnce });
    else namespaces.set(namespace, [{ lasts, atOnce }]);
  }
  return [...namespaces.values()];
}

interface PodsOf {
  name: string;
  workload: WorkloadRef;
  own: CountedPod[];
}

function byWorkload(pods: readonly CountedPod[]): PodsOf[] {
  const workloads = new Map<string, PodsOf>();
  for (const pod of pods) {
    const { workload } = pod;
    const name = workloadName(workload);
    const known = workloads.get(name);
    if (known) known.own.push(pod);
    else workloads.set(name, { name, workload, own: [pod] });
  }
  return [...workloads.values()];
}

/** How long pods took from their creation to their readiness: the median, and what nine of ten did not exceed. */
function startOf(pods: readonly CountedPod[]): Span | undefined {
  const starts = pods
    .flatMap(({ startMs }) => (startMs === undefined || startMs > LONGEST_START_MS ? [] : [startMs]))
    .toSorted((a, b) => a - b);
  const median = starts[Math.floor(starts.length / 2)];
  if (median === undefined) return undefined;
  // times of the API server have whole seconds
  return span(Math.max(1000, median), Math.max(1000, starts[Math.floor(starts.length * HIGH)] ?? median) + 1000);
}

/** undefined: reroot does not replace its pods, and it is up to people when somebody does. */
function speedOf(
  workload: WorkloadRef,
  known: (WorkloadSnapshot & { uid?: string }) | undefined,
  { deletePods, pods }: { deletePods: boolean; pods: number },
): RolloutSpeed | undefined {
  if (!ROLLED_KINDS.includes(workload.kind)) return undefined;
  if (!known || !isSameWorkload(workload, known)) return usual(workload.kind, pods);
  const isLeft = known.unrollable ?? (known.replacement === 'eviction' && !deletePods);
  if (isLeft) return undefined;
  const speed = known.speed ?? usual(workload.kind, pods);
  return known.replacement === 'eviction' ? { ...speed, atOnce: 1, oldGoesFirst: true } : speed;
}

/** A quarter of the pods of a Deployment at a time, one of any other: Kubernetes' defaults. */
function usual(kind: string, pods: number): RolloutSpeed {
  const atOnce = kind === 'Deployment' ? Math.ceil(pods / 4) + Math.floor(pods / 4) : 1;
  return { atOnce, oldGoesFirst: kind !== 'Deployment', minReadyMs: 0, graceMs: 30_000 };
}

/** Turns of pods that start; an old pod may use all of its grace or none, in each turn where it has to be gone first, else at the end. */
function rolloutOf(pods: number, { atOnce, oldGoesFirst, minReadyMs, graceMs }: RolloutSpeed, start: Span): Span {
  const turns = Math.max(1, Math.ceil(pods / atOnce));
  const turn = span(start.fromMs + minReadyMs, start.toMs + minReadyMs);
  return sum([times(turn, turns), span(0, graceMs * (oldGoesFirst ? turns : 1))]);
}
