import type { Finding } from '../src/rotation/findings.js';
import { parseDuration } from '../src/ground/duration.js';
import { GOALS } from '../src/rotation/gates.js';
import { type ProxyObservation, workloadName } from '../src/ground/mesh.js';
import { renewalDue, renewalState } from '../src/rotation/renewal.js';
import type { AwaitProxiesInput, RenewalResult } from '../src/rotation/payloads.js';
import { goalOf } from '../src/rotation/strategies.js';
import { type Dependencies, takeBearings } from './kit/dependencies.js';
import { pause, reportProgress } from './kit/heartbeat.js';
import { isGated, livePods, requirementOf } from './gate.js';
import { type Look, rememberingLooks } from './kit/proxy-cache.js';

/** Polls in a leaf's life: often enough to be told of a late one in time, seldom enough to cost nothing. */
const POLLS_PER_LEAF = 1000;
const SLOWEST_POLL_MS = 60_000;
/** A process keeps its anchors for life; a pod that falls short of them is looked at again for the sake of its leaf. */
const LOOK_AGAIN_MS = 600_000;

/**
 * Waits while proxies come to meet the phase's requirement by themselves: by their own renewal of their leaves, or by
 * being replaced in somebody's deployments. It costs no history however long it takes. It ends when all do, when one is
 * late that was not before, or at the deadline.
 */
export async function awaitProxies(dependencies: Dependencies, input: AwaitProxiesInput): Promise<RenewalResult> {
  const bearings = await takeBearings(dependencies, input);
  const { linkerd, target } = bearings;
  const renewal = !GOALS[goalOf(input.course, input.phase)].evidence.anchors;
  const slowest = Math.min(linkerd.leafLifeMs / POLLS_PER_LEAF, SLOWEST_POLL_MS);
  const pollMs = Math.max(parseDuration(input.settings.timing.poll) ?? 2000, slowest);
  const stuckAfterMs = parseDuration(input.settings.rollout.stuckAfter) ?? 600_000;
  const look = rememberingLooks(dependencies, bearings, input, renewal ? hasRenewed : isOld);
  const unreadable = unreadableFor(stuckAfterMs);
  for (;;) {
    const pods = (await livePods(dependencies.k8s, linkerd.namespace)).filter((pod) => isGated(pod, input));
    const proxies = await look(pods);
    const now = new Date();
    const state = renewalState(proxies, target, requirementOf(input), input.waivers, now);
    const late = [...(renewal ? state.late : []), ...unreadable(proxies, now)];
    const result = { ...state, late };
    reportProgress({ phase: input.phase, ...result, late: late.slice(0, SHOWN) });
    if (state.proven === state.proxies) return { ...result, late: [] };
    if (input.deadline !== undefined && now.getTime() >= Date.parse(input.deadline)) return result;
    if (late.some(({ subject }) => !input.knownLate.includes(subject.name))) return result;
    if (input.knownLate.some((name) => !late.some(({ subject }) => subject.name === name))) return result;
    await pause(pollMs);
  }
}

const SHOWN = 5;

function hasRenewed({ observation: { leaf } }: Look, now: number): boolean {
  return leaf === undefined || now >= renewalDue(leaf).getTime();
}

function isOld({ at }: Look, now: number): boolean {
  return now - at > LOOK_AGAIN_MS;
}

/** Findings for proxies that have not been readable for too long. */
function unreadableFor(limitMs: number) {
  const since = new Map<string, number>();
  return (proxies: readonly ProxyObservation[], now: Date): Finding[] =>
    proxies.flatMap(({ uid, problem, terminating, namespace, pod, workload }) => {
      if (problem === undefined || terminating) {
        since.delete(uid);
        return [];
      }
      const first = since.get(uid) ?? now.getTime();
      since.set(uid, first);
      if (now.getTime() - first < limitMs) return [];
      return [
        {
          reason: 'ProxyUnreadable',
          severity: 'block' as const,
          message: `its proxy cannot be read since ${new Date(first).toISOString()}: ${problem} (${workloadName(workload)})`,
          subject: { kind: 'pod' as const, name: `${namespace}/Pod/${pod}` },
          hint: 'look at the pod, or `waive` its workload',
        },
      ];
    });
}
