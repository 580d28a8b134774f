import { isSameWorkload, type ProxyObservation, workloadName } from '../../ground/mesh.js';
import type { WorkloadSnapshot } from '../../ground/workload.js';
import { type Finding, isWaived, type Waiver } from '../findings.js';
import { podName, podSubject } from '../gates.js';
import { saidOfOnlyProxies } from '../only-proxy.js';
import { unrollableBecause } from '../unmanaged.js';
import { blockUnlessRecovering, type PreflightObservation, type UnrollableFacts } from './observation.js';

/** The workloads of live proxies whose pods a rotation could not replace; `known`: those that can be, by name. */
export function unrollableAmong(
  proxies: readonly ProxyObservation[],
  known: ReadonlyMap<string, WorkloadSnapshot & { uid?: string }>,
  deletePods: boolean,
): UnrollableFacts[] {
  const staying = proxies.filter(({ terminating }) => !terminating);
  const nameOf = (proxy: ProxyObservation): string => {
    const name = workloadName(proxy.workload);
    return isSameWorkload(proxy.workload, known.get(name) ?? {}) ? name : podName(proxy);
  };
  const kinds = new Map(staying.map((proxy) => [nameOf(proxy), proxy.workload.kind]));
  return [...kinds].flatMap(([workload, kind]) => {
    const problem = unrollableBecause(known.get(workload), kind, deletePods);
    if (!problem) return [];
    const pods = staying.filter((proxy) => proxy.onlyProxy && nameOf(proxy) === workload);
    return [{ workload, ...saidOfOnlyProxies(problem, pods) }];
  });
}

/** Pods that cannot be read because nobody answers: more than half of them mean that the way to them is wrong. */
const MOST_OF_THEM = 0.5;

export function proxyUnreadable(observation: PreflightObservation): Finding[] {
  const { proxies, waivers } = observation;
  const staying = proxies.filter(({ terminating, unstarted }) => !terminating && !unstarted);
  const unreadable = staying.filter(({ problem }) => problem !== undefined);
  const anyAnswers = unreadable.length < staying.length;
  const hint = unreadable.length > MOST_OF_THEM * staying.length ? WRONG_WAY : ONE_OF_THEM;
  return unreadable
    .filter((proxy) => !isWorkloadWaived(proxy, waivers))
    .map((proxy) => ({
      reason: 'ProxyUnreadable',
      // one that is starting is proven by the gates: they wait for it
      severity: anyAnswers && isStarting(proxy, observation) ? 'warn' : blockUnlessRecovering(observation),
      message: `its proxy cannot be read: ${proxy.problem}`,
      subject: podSubject(proxy),
      hint,
    }));
}

const ONE_OF_THEM =
  'repair the pod; reach pods with `--reach address` inside the cluster or `--reach port-forward`; or waive its workload';
const WRONG_WAY =
  'most proxies cannot be reached: choose another way with `--reach port-forward` (through the API server, from anywhere) ' +
  'or `--reach address` (where the pod network is at hand); for a worker REROOT_REACH';

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
      subject: podSubject(proxy),
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
