import { formatDuration } from '../ground/duration.js';
import { type Fingerprint, workloadName } from '../ground/mesh.js';
import { type Course, forcedRollouts, type Row } from './courses/course.js';
import { courseOf } from './courses/index.js';
import type { RotationRequest, RotationSettings } from './input.js';
import { type CountedPod, type Pace, paceOf, predictRollout } from './pace.js';
import type { Phase } from './phases.js';
import { longestWait } from './renewal.js';

/** What will be done, in numbers a person can judge; approval is bound to its hash. */
export interface Plan {
  cluster: string;
  linkerdNamespace: string;
  strategy: string;
  /** Forced rollouts of the data plane. */
  rollouts: number;
  /** What is going to happen, and how long it may take. */
  phases: PlannedPhase[];
  namespaces: { name: string; workloads: number; proxies: number }[];
  proxies: number;
  workloads: number;
  /** Every workload by name: what an approval is bound to. */
  workloadNames: string[];
  retire: Fingerprint[];
  keep: Fingerprint[];
  /** Absent until it has been generated. */
  target?: Fingerprint;
  hash: string;
}

export interface PlannedPhase {
  phase: Phase;
  what: string;
  /** Milliseconds, predicted; absent where it is up to people. */
  predictedMs?: number;
}

/** What the plan says of a mesh. */
export interface PlannedMesh {
  namespace: string;
  leafLifeMs: number;
  pods: readonly CountedPod[];
}

/** Which roots go, which stay, and the new one once it is known. */
export type PlannedAnchors = Pick<Plan, 'retire' | 'keep' | 'target'>;

/** The plan without its hash; that is made of `approvedText`. */
export function planOf(
  { settings, course: ref }: RotationRequest,
  { namespace, leafLifeMs, pods }: PlannedMesh,
  anchors: PlannedAnchors,
): Omit<Plan, 'hash'> {
  const course = courseOf(ref);
  const namespaces = countByNamespace(pods);
  const workloadNames = namespaces.flatMap(({ workloads }) => [...workloads]).toSorted();
  return {
    cluster: settings.cluster,
    linkerdNamespace: namespace,
    strategy: course.strategy,
    rollouts: forcedRollouts(course),
    phases: planPhases(settings, course, paceOf({ namespace, leafLifeMs }, pods)),
    namespaces: namespaces.map(({ name, workloads, proxies }) => ({ name, workloads: workloads.size, proxies })),
    proxies: pods.length,
    workloads: workloadNames.length,
    workloadNames,
    ...anchors,
  };
}

/**
 * What an approval is bound to. Replica counts are left out: a mesh that scales while it waits for approval is still the
 * mesh that was approved. The target too: the plan of a dry run, before there is one, is the plan that is approved.
 */
export function approvedText(plan: Omit<Plan, 'hash'>): string {
  const { cluster, linkerdNamespace, strategy, retire, keep, workloadNames: workloads } = plan;
  return JSON.stringify({ cluster, linkerdNamespace, strategy, retire, keep, workloads });
}

function countByNamespace(pods: readonly CountedPod[]): { name: string; workloads: Set<string>; proxies: number }[] {
  const counted = new Map<string, { workloads: Set<string>; proxies: number }>();
  for (const { namespace, workload } of pods) {
    const entry = counted.get(namespace) ?? { workloads: new Set(), proxies: 0 };
    entry.workloads.add(workloadName(workload));
    entry.proxies += 1;
    counted.set(namespace, entry);
  }
  return [...counted]
    .map(([name, entry]) => ({ name, ...entry }))
    .toSorted((a, b) => a.name.localeCompare(b.name, 'en'));
}

/** The phases of a course with what happens in each, and how long each may last at the most. */
export function planPhases(settings: RotationSettings, course: Course, pace: Pace): PlannedPhase[] {
  const made =
    course.replaces === 'issuer' ? 'a new issuer under the root in use' : 'a new root and an issuer under it';
  return [
    { phase: 'preflight', what: 'read the mesh, change nothing' },
    { phase: 'generate', what: made },
    ...course.rows.map((row) => planned(row, settings, pace)),
    { phase: 'finish', what: 'tidy up, write the report' },
  ];
}

function planned(row: Row, { approvals, rollout }: RotationSettings, pace: Pace): PlannedPhase {
  const { phase, what } = row;
  if (row.approval) return { phase, what: approvals === 'none' ? 'nobody is asked' : what };
  if (row.whose === 'identity') return { phase, what };
  if (row.organic && rollout.pace === 'organic') {
    return {
      phase,
      what: `${what}; your own deployments replace pods, for ${formatDuration(rollout.deadline)} at most`,
    };
  }
  return row.by === 'roll'
    ? {
        phase,
        what: `${what}; roll the control plane and every meshed workload`,
        predictedMs: predictRollout(pace, rollout),
      }
    : {
        phase,
        what: `${what}; wait for the proxies' own renewal of their leaves`,
        predictedMs: longestWait(pace.leafLifeMs),
      };
}

/** Milliseconds until the old certificates are needed no more: up to and with the point of no return. */
export function untilRetired(phases: readonly PlannedPhase[]): number {
  const last = phases.findIndex(({ phase }) => phase === 'retire');
  return phases.slice(0, last + 1).reduce((sum, { predictedMs = 0 }) => sum + predictedMs, 0);
}

/** What has changed between the plan that was approved and the mesh as it is; empty: nothing that matters. */
export function planDifference(approved: Plan, now: Plan): string[] {
  const lines = (what: string, before: readonly string[], after: readonly string[]): string[] => [
    ...after.filter((item) => !before.includes(item)).map((item) => `${what} added: ${item}`),
    ...before.filter((item) => !after.includes(item)).map((item) => `${what} gone: ${item}`),
  ];
  return [
    ...lines('workload', approved.workloadNames, now.workloadNames),
    ...lines('anchor to take out', approved.retire, now.retire),
    ...lines('anchor to keep', approved.keep, now.keep),
    ...(approved.target === now.target ? [] : [`target: ${now.target}`]),
  ];
}

/**
 * Orders namespaces into waves: those asked for first, Linkerd's extensions (their gateways and mirrors serve
 * everybody), all others by name, those asked for last.
 */
export function orderNamespaces(
  namespaces: readonly string[],
  extensions: readonly string[],
  rollout: Pick<RotationSettings['rollout'], 'first' | 'last'>,
): string[] {
  const rank = (name: string): [number, number] => {
    const first = rollout.first.indexOf(name);
    if (first >= 0) return [0, first];
    const last = rollout.last.indexOf(name);
    if (last >= 0) return [3, last];
    return [extensions.includes(name) ? 1 : 2, 0];
  };
  return namespaces.toSorted((a, b) => {
    const [groupA, placeA] = rank(a);
    const [groupB, placeB] = rank(b);
    return groupA - groupB || placeA - placeB || a.localeCompare(b, 'en');
  });
}
