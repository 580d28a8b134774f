import { formatDuration } from '../ground/duration.js';
import type { RotationSettings } from './input.js';
import type { Fingerprint } from '../ground/mesh.js';
import type { Phase } from './phases.js';
import { longestWait } from './renewal.js';
import { phasesOf, type Strategy } from './strategies.js';

/** What will be done, in numbers a person can judge; approval is bound to its hash. */
export interface Plan {
  cluster: string;
  linkerdNamespace: string;
  strategy: Strategy;
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

/** What a prediction is made of; measured in the mesh that it is for. */
export interface Pace {
  /** Milliseconds from a pod's creation to its readiness: the median of those that live. */
  podStartMs: number;
  /** Milliseconds that leaves are valid. */
  leafLifeMs: number;
  controlPlaneWorkloads: number;
  /** Pods of the largest workload in each namespace are rolled in turns; the sum over a namespace's workloads. */
  turns: { namespace: string; turns: number }[];
}

/** How long one rollout of everything lasts: the control plane in its order, then the namespaces in their lanes. */
export function predictRollout(
  pace: Pace,
  rollout: Pick<RotationSettings['rollout'], 'namespaces' | 'workloads'>,
): number {
  const controlPlane = Math.min(3, pace.controlPlaneWorkloads) * pace.podStartMs;
  const lanes = Array.from({ length: rollout.namespaces }, () => 0);
  for (const { turns } of pace.turns) {
    const shortest = lanes.indexOf(Math.min(...lanes));
    lanes[shortest] = (lanes[shortest] ?? 0) + Math.max(1, turns / rollout.workloads) * pace.podStartMs;
  }
  return controlPlane + Math.max(...lanes);
}

export function planPhases(settings: RotationSettings, strategy: Strategy, pace: Pace): PlannedPhase[] {
  const { leafRenewal, rollout, approvals } = settings;
  const rolled = predictRollout(pace, rollout);
  const waited = longestWait(pace.leafLifeMs);
  const wait = `wait for the proxies' own renewal of their leaves, at most ${formatDuration(waited)}`;
  const roll = 'roll the control plane and every meshed workload';
  const bridge = strategy === 'bridge';
  const renews = strategy === 'standard' || (bridge && leafRenewal === 'roll');
  const organic = rollout.pace === 'organic' ? `as your own deployments replace pods, at most ${rollout.deadline}` : '';
  const all: Record<Phase, Omit<PlannedPhase, 'phase'>> = {
    preflight: { what: 'read the mesh, change nothing' },
    generate: {
      what: strategy === 'issuer' ? 'a new issuer under the root in use' : 'a new root and an issuer under it',
    },
    trust: bridge
      ? { what: 'the bundle gets the new root; nothing is restarted', predictedMs: 0 }
      : { what: `the bundle gets the new root; ${roll}`, predictedMs: rolled },
    bridge: { what: 'the issuer key in use is certified under the new root as well; leaves carry both chains' },
    issue: { what: 'the issuer is swapped for the new one' },
    renew: renews ? { what: `${roll}, for new leaves`, predictedMs: rolled } : { what: wait, predictedMs: waited },
    approve: { what: approvals === 'none' ? 'nobody is asked' : 'wait for your approval' },
    retire: {
      what: `the old root leaves the bundle: the point of no return; ${organic || roll}`,
      ...(organic ? {} : { predictedMs: rolled }),
    },
    refresh:
      leafRenewal === 'roll'
        ? { what: `${roll}, for new leaves`, predictedMs: rolled }
        : { what: wait, predictedMs: waited },
    finish: { what: 'tidy up, write the report' },
    abort: { what: 'back to the certificates of the start' },
  };
  return phasesOf({ strategy, leafRenewal }).map((phase) => ({ phase, ...all[phase] }));
}

/** Milliseconds until the old certificates are needed no more: up to and with `retire`. */
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
