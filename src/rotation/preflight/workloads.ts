import { isSameWorkload, type ProxyObservation, workloadName } from '../../ground/mesh.js';
import type { WorkloadSnapshot } from '../../ground/workload.js';
import { type Finding, isWaived, type Waiver } from '../findings.js';
import { podName, podSubject } from '../gates.js';
import { saidOfOnlyProxies } from '../only-proxy.js';
import { unrollableBecause } from '../unmanaged.js';
import { blockUnlessRecovering, type PreflightObservation, type UnrollableFacts } from './observation.js';

/** The workloads of live proxies whose pods a rotation may not be able to replace by itself; `known`: by name. */
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
  const owners = new Map(staying.map((proxy) => [nameOf(proxy), proxy.workload]));
  return [...owners].flatMap(([workload, owner]) => {
    const problem = unrollableBecause(known.get(workload), owner, deletePods);
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
    .map((proxy): Finding => {
      const subject = podSubject(proxy);
      const reason = 'ProxyUnreadable';
      // one that is starting, or that cannot run, is proven by the gates: they wait for it
      if (anyAnswers && !proxy.ready && !isStarting(proxy, observation))
        return { reason, severity: 'warn', message: whyDown(proxy), subject, hint: DOWN };
      const isWaitedFor = anyAnswers && isStarting(proxy, observation);
      const severity = isWaitedFor ? 'warn' : blockUnlessRecovering(observation);
      return { reason, severity, message: `its proxy cannot be read: ${proxy.problem}`, subject, hint };
    });
}

/** Pods to which nothing was given to run on, and that are not just starting: a rollout would wait for them in vain. */
export function podUnstarted(observation: PreflightObservation): Finding[] {
  const { unstarted, waivers } = observation;
  return unstarted
    .filter((proxy) => !proxy.terminating && !isStarting(proxy, observation) && !isWorkloadWaived(proxy, waivers))
    .map((proxy) => ({
      reason: 'ProxyUnreadable',
      severity: 'warn',
      message: whyDown(proxy),
      subject: podSubject(proxy),
      hint: DOWN,
    }));
}

/** In the words of scheduler and kubelet, as far as they have any. */
function whyDown({ pendingBecause, problem }: ProxyObservation): string {
  const why = pendingBecause ?? problem ?? 'nobody says why';
  return `it is not ready, and its proxy cannot be read: ${why}`;
}

const DOWN =
  'repair the pod, or let it be replaced: the gates wait for it, and after `rollout.stuckAfter` the rotation asks. Or waive its workload to go on without it';
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

/** The mesh is healthy: the rotation waits for them when it comes to their rollout, and the gate asks their proxies. */
export function workloadCannotRoll({ unrollable, waivers }: PreflightObservation): Finding[] {
  return unrollable
    .filter(({ workload }) => !isWaived({ kind: 'workload', name: workload }, waivers))
    .map(({ workload, reason, message, hint }) => ({
      reason,
      severity: 'warn',
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
