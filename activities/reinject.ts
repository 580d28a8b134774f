import type { Workload } from '../src/kubernetes/workload.js';
import { evictPod, isWorkloadKind, listWorkloads, rollWorkload } from '../src/kubernetes/workloads.js';
import { FIELD_MANAGER } from '../src/kubernetes/own-names.js';
import { parseDuration } from '../src/ground/duration.js';
import { type Finding, isWaived } from '../src/rotation/findings.js';
import type { ProxyObservation } from '../src/ground/mesh.js';
import { isLate } from '../src/rotation/renewal.js';
import { decideRollout, isMarkOf, phaseMark, type RolloutDecision, unmanaged } from '../src/rotation/rollout.js';
import type { NamespaceProgress, ReinjectInput, ReinjectResult } from '../src/rotation/payloads.js';
import { type Bearings, type Dependencies, takeBearings } from './kit/dependencies.js';
import { pause, reportProgress } from './kit/heartbeat.js';
import { livePods, requirementOf } from './gate.js';
import { rememberingLooks } from './kit/proxy-cache.js';
import { workloadReading } from './kit/templates.js';

/** Proxies that fell short are looked at again after this long at the soonest: until replaced they rarely change. */
const LOOK_AGAIN_MS = 10_000;

/**
 * Rolls the workloads of one namespace whose proxies fall short of the phase's requirement, and waits for their
 * replacements. It ends when every proxy meets it, or when all that is left are stragglers. Every pass starts from what
 * the cluster shows, so it may die anywhere and be run again.
 */
export async function reinject(dependencies: Dependencies, input: ReinjectInput): Promise<ReinjectResult> {
  const { k8s } = dependencies;
  const bearings = await takeBearings(dependencies, input);
  const pollMs = parseDuration(input.settings.timing.poll) ?? 2000;
  const look = rememberingLooks(dependencies, bearings, input, ({ at }, now) => now - at > LOOK_AGAIN_MS);
  const reading = workloadReading(bearings, input);
  const blocked: Blocked = new Map();
  // after the first pass only kinds that have something to do here
  let kinds: Set<string> | undefined;
  let rolled = 0;
  for (;;) {
    // Controllers first: what one calls rolled out, the pods read after it show. The other way round a pod that was
    // replaced in between would look like one that its rollout left behind.
    const workloads = await listWorkloads(k8s, input.namespace, reading, kinds);
    const pods = await livePods(k8s, bearings.linkerd.namespace, input.namespace);
    const proxies = await look(pods);
    if (kinds && proxies.some(({ workload }) => isWorkloadKind(workload.kind) && !kinds?.has(workload.kind))) {
      kinds = undefined; // a controller of another kind has come
      continue;
    }
    kinds = new Set([
      ...proxies.map(({ workload }) => workload.kind),
      ...workloads.filter(({ edits, mark }) => edits.length > 0 || mark !== undefined).map(({ kind }) => kind),
    ]);
    const state = assess(proxies, workloads, bearings, input, blocked);
    const progress = summarize(state, input, rolled);
    reportProgress(progress);
    const rolling = state.filter(({ decision }) => decision.do === 'wait').length;
    const next = state
      .filter(({ decision }) => decision.do === 'roll' || decision.do === 'evict')
      .slice(0, Math.max(0, input.settings.rollout.workloads - rolling));
    for (const { name, workload, decision, outdated } of next) {
      if (workload && decision.do === 'roll') {
        if (await rollWorkload(k8s, workload, { reading, mark: decision.mark, manager: FIELD_MANAGER })) rolled += 1;
      } else if (outdated) {
        const refusal = await evictPod(k8s, { ...outdated, name: outdated.pod });
        if (refusal === undefined) blocked.delete(name);
        else blocked.set(name, { message: refusal, since: blocked.get(name)?.since ?? new Date().toISOString() });
      }
    }
    const busy = state.some(({ decision }) => decision.do !== 'nothing' && decision.do !== 'straggle');
    if (!busy) return { ...progress, rolled, stragglers: stragglersOf(state) };
    await pause(pollMs);
  }
}

interface Assessment {
  name: string;
  /** Absent where the controller is of a kind that reroot does not know, or there is none. */
  workload?: Workload;
  /** One of its pods that fall short and stay. */
  outdated?: ProxyObservation;
  proxies: number;
  proven: number;
  decision: RolloutDecision;
}

function assess(
  proxies: readonly ProxyObservation[],
  workloads: readonly Workload[],
  { target }: Bearings,
  input: ReinjectInput,
  blocked: Blocked,
): Assessment[] {
  const { namespace, only, late, phase, waivers, retry, settings } = input;
  const requirement = requirementOf(input);
  const now = new Date();
  const byWorkload = new Map<string, ProxyObservation[]>();
  for (const proxy of proxies) {
    const key = `${proxy.workload.kind}/${proxy.workload.name}`;
    byWorkload.set(key, [...(byWorkload.get(key) ?? []), proxy]);
  }
  const mark = phaseMark(target.rotation, phase);
  const known = new Map(workloads.map((workload) => [`${workload.kind}/${workload.name}`, workload]));
  const keys = new Set([
    ...byWorkload.keys(),
    ...[...known].filter(([, { mark: found, edits }]) => isMarkOf(found, mark) || edits.length > 0).map(([key]) => key),
  ]);
  const assessments: Assessment[] = [];
  for (const key of keys) {
    const workload = known.get(key);
    const members = byWorkload.get(key) ?? [];
    const name = `${namespace}/${key}`;
    if (only && !only.includes(workload?.name ?? '')) continue;
    if (isWaived({ kind: 'workload', name }, waivers)) continue;
    const standing = members.map((proxy) => ({ proxy, shortfall: requirement(proxy, target) }));
    const isConcerned = isMarkOf(workload?.mark, mark) || members.some((proxy) => isLate(proxy, now));
    if (late && !isConcerned) continue;
    const short = standing.filter(({ shortfall, proxy }) => shortfall && !(shortfall.unproven && proxy.terminating));
    const starting = short.filter(({ shortfall }) => shortfall?.unproven).length;
    const leaving = short.filter(({ proxy }) => proxy.terminating).length;
    const outdated = short.filter(({ shortfall, proxy }) => !shortfall?.unproven && !proxy.terminating);
    assessments.push({
      name,
      ...(workload ? { workload } : {}),
      proxies: members.length,
      proven: members.length - short.length,
      ...(outdated[0] ? { outdated: outdated[0].proxy } : {}),
      decision: workload
        ? decideRollout({
            workload,
            staleTemplate: workload.edits.length > 0,
            deletePods: settings.rollout.deletePods,
            blocked: blocked.get(name),
            outdated: outdated.length,
            starting,
            leaving,
            startingBecause: short.find(({ shortfall }) => shortfall?.unproven)?.shortfall?.message,
            mark,
            retry,
            stuckAfterMs: parseDuration(settings.rollout.stuckAfter) ?? 600_000,
            now,
          })
        : decideUnmanaged(members[0], outdated.length + starting, leaving),
    });
  }
  return assessments;
}

/** Jobs, bare pods and controllers of kinds that reroot does not know. */
function decideUnmanaged(member: ProxyObservation | undefined, short: number, leaving: number): RolloutDecision {
  if (!member || short + leaving === 0) return { do: 'nothing' };
  if (short === 0) return { do: 'wait', why: 'its last old pods are leaving' };
  const { reason, message, hint } = unmanaged(member.workload.kind);
  return { do: 'straggle', reason, message: `${short} of its pods fall short: ${message}`, hint };
}

type Blocked = Map<string, { message: string; since: string }>;

function summarize(state: readonly Assessment[], input: ReinjectInput, rolled: number): NamespaceProgress {
  const waiting = state.filter(({ decision }) => decision.do !== 'nothing' && decision.do !== 'straggle');
  return {
    namespace: input.namespace,
    phase: input.phase,
    workloads: state.length,
    workloadsDone: state.filter(({ decision }) => decision.do === 'nothing').length,
    proxies: state.reduce((sum, { proxies }) => sum + proxies, 0),
    proven: state.reduce((sum, { proven }) => sum + proven, 0),
    rolled,
    waitingFor: waiting.slice(0, 5).map(({ name, decision }) => `${name}: ${whyWaiting(decision)}`),
  };
}

function whyWaiting(decision: RolloutDecision): string {
  if (decision.do === 'wait') return decision.why;
  return (decision.do === 'evict' && decision.refused) || 'next in line';
}

function stragglersOf(state: readonly Assessment[]): Finding[] {
  return state.flatMap(({ name, decision }) =>
    decision.do === 'straggle'
      ? [
          {
            reason: decision.reason,
            severity: 'block' as const,
            message: decision.message,
            subject: { kind: 'workload' as const, name },
            hint: decision.hint,
          },
        ]
      : [],
  );
}
