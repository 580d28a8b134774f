import { type ProxyObservation, workloadName } from '../../ground/mesh.js';
import type { WorkloadSnapshot } from '../../ground/workload.js';
import { type Finding, isWaived, type Waiver } from '../findings.js';
import { unrollableBecause } from '../unmanaged.js';
import { blockUnlessRecovering, type PreflightObservation, type UnrollableFacts } from './observation.js';
import { podOf } from './subjects.js';

/** The workloads of live proxies whose pods a rotation could not replace; `known`: those that can be, by name. */
export function unrollableAmong(
  proxies: readonly ProxyObservation[],
  known: ReadonlyMap<string, WorkloadSnapshot>,
  deletePods: boolean,
): UnrollableFacts[] {
  const staying = proxies.filter(({ terminating }) => !terminating);
  const kinds = new Map(staying.map(({ workload }) => [workloadName(workload), workload.kind]));
  return [...kinds].flatMap(([workload, kind]) => {
    const problem = unrollableBecause(known.get(workload), kind, deletePods);
    return problem ? [{ workload, ...problem }] : [];
  });
}

export function proxyUnreadable(observation: PreflightObservation): Finding[] {
  const { proxies, waivers } = observation;
  return proxies
    .filter((proxy) => proxy.problem !== undefined && !proxy.terminating && !isWorkloadWaived(proxy, waivers))
    .map((proxy) => ({
      reason: 'ProxyUnreadable',
      // one that is starting is proven by the gates: they wait for it
      severity: isStarting(proxy, observation) ? ('warn' as const) : blockUnlessRecovering(observation),
      message: `its proxy cannot be read: ${proxy.problem}`,
      subject: podOf(proxy),
      hint: 'repair the pod; reach pods with `--reach address` inside the cluster or `--reach port-forward`; or waive its workload',
    }));
}

function isStarting({ createdAt }: ProxyObservation, { now, stuckAfterMs }: PreflightObservation): boolean {
  return createdAt !== undefined && now.getTime() - Date.parse(createdAt) < stuckAfterMs;
}

export function leafUnderNoAnchor(observation: PreflightObservation): Finding[] {
  const { proxies, anchors, waivers } = observation;
  return proxies
    .filter((proxy) => !isVerified(proxy, anchors) && !isWorkloadWaived(proxy, waivers))
    .map((proxy) => ({
      reason: 'LeafUnderNoAnchor',
      severity: blockUnlessRecovering(observation),
      message: 'the certificate it presents verifies with none of the anchors: its connections fail already',
      subject: podOf(proxy),
      hint: 'restart its workload before the rotation',
    }));
}

export function workloadCannotRoll({ unrollable, waivers }: PreflightObservation): Finding[] {
  return unrollable
    .filter(({ workload }) => !isWaived({ kind: 'workload', name: workload }, waivers))
    .map(({ workload, reason, message, hint, ends }) => ({
      reason,
      severity: ends ? 'warn' : 'block',
      message,
      subject: { kind: 'workload', name: workload },
      hint,
    }));
}

function isWorkloadWaived({ workload }: ProxyObservation, waivers: readonly Waiver[]): boolean {
  return isWaived({ kind: 'workload', name: workloadName(workload) }, waivers);
}

/** Of a leaf that could not be read `proxyUnreadable` says so. */
function isVerified({ leaf }: ProxyObservation, anchors: readonly string[]): boolean {
  return leaf?.verifiesWith.some((anchor) => anchors.includes(anchor)) ?? true;
}
