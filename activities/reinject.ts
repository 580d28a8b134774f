import type { ProxyObservation } from '../src/ground/mesh.js';
import { FIELD_MANAGER } from '../src/kubernetes/own-names.js';
import type { Workload, WorkloadReading } from '../src/kubernetes/workload.js';
import { evictPod, isWorkloadKind, listWorkloads, rollWorkload } from '../src/kubernetes/workloads.js';
import type { Finding } from '../src/rotation/findings.js';
import type { NamespaceProgress, ReinjectInput, ReinjectResult } from '../src/rotation/payloads.js';
import type { RolloutDecision } from '../src/rotation/rollout.js';
import { assess, type Assessment, type Blocked } from './kit/assess.js';
import { pause, reportProgress } from './kit/heartbeat.js';
import { livePods } from './kit/proxies.js';
import { proxyCache } from './kit/proxy-cache.js';
import type { Dependencies } from './kit/dependencies.js';
import { readPhase } from './kit/stored-rotation.js';
import { workloadReading } from './kit/templates.js';

/** Proxies that fell short are looked at again after this long at the soonest: until replaced they rarely change. */
const LOOK_AGAIN_MS = 10_000;

/**
 * Rolls the workloads of one namespace whose proxies fall short of the phase's requirement, and waits for their
 * replacements. It ends when every proxy meets it, or when all that is left are stragglers. Every pass starts from what
 * the cluster shows, so it may die anywhere and be run again.
 */
export async function reinject(dependencies: Dependencies, input: ReinjectInput): Promise<ReinjectResult> {
  const phase = await readPhase(dependencies, input);
  const reading = workloadReading(phase);
  const look = namespaceLooks(dependencies, input, {
    reading,
    controlPlane: phase.linkerd.namespace,
    proxies: proxyCache(dependencies, phase, ({ at }, now) => now - at > LOOK_AGAIN_MS),
  });
  const blocked: Blocked = new Map();
  let rolled = 0;
  for (;;) {
    const state = assess({ ...(await look()), blocked }, phase, input);
    const progress = summarize(state, input, rolled);
    reportProgress(progress);
    rolled += await act(dependencies, nextInLine(state, input.settings.rollout.workloads), { reading, blocked });
    if (!state.some(isBusy)) return { ...progress, rolled, stragglers: stragglersOf(state) };
    await pause(input.settings.timing.poll);
  }
}

interface LookAt {
  reading: WorkloadReading;
  controlPlane: string;
  proxies: ReturnType<typeof proxyCache>;
}

/** Looks at a namespace again and again; after the first time only at kinds that have something to do here. */
function namespaceLooks({ k8s }: Dependencies, { namespace }: ReinjectInput, at: LookAt) {
  let kinds: Set<string> | undefined;
  return async (): Promise<{ workloads: Workload[]; proxies: ProxyObservation[] }> => {
    for (;;) {
      // Controllers first: what one calls rolled out, the pods read after it show. The other way round a pod that was
      // replaced in between would look like one that its rollout left behind.
      const workloads = await listWorkloads(k8s, namespace, at.reading, kinds);
      const proxies = await at.proxies(await livePods(k8s, at.controlPlane, namespace));
      const isNew = ({ workload }: ProxyObservation) => isWorkloadKind(workload.kind) && !kinds?.has(workload.kind);
      if (kinds && proxies.some(isNew)) {
        kinds = undefined; // a controller of another kind has come
        continue;
      }
      const touched = workloads.filter(({ edits, mark }) => edits.length > 0 || mark !== undefined);
      kinds = new Set([...proxies.map(({ workload }) => workload.kind), ...touched.map(({ kind }) => kind)]);
      return { workloads, proxies };
    }
  };
}

function isBusy({ decision }: Assessment): boolean {
  return decision.do !== 'nothing' && decision.do !== 'straggle';
}

/** As many as may roll at the same time, beside those that do already. */
function nextInLine(state: readonly Assessment[], atOnce: number): Assessment[] {
  const rolling = state.filter(({ decision }) => decision.do === 'wait').length;
  return state
    .filter(({ decision }) => decision.do === 'roll' || decision.do === 'evict')
    .slice(0, Math.max(0, atOnce - rolling));
}

/** @returns how many workloads were rolled */
async function act(
  { k8s }: Dependencies,
  next: readonly Assessment[],
  { reading, blocked }: { reading: WorkloadReading; blocked: Blocked },
): Promise<number> {
  let rolled = 0;
  for (const { name, workload, decision, outdated } of next) {
    if (workload && decision.do === 'roll') {
      if (await rollWorkload(k8s, workload, { reading, mark: decision.mark, manager: FIELD_MANAGER })) rolled += 1;
    } else if (outdated) {
      const refusal = await evictPod(k8s, { ...outdated, name: outdated.pod });
      if (refusal === undefined) blocked.delete(name);
      else blocked.set(name, { message: refusal, since: blocked.get(name)?.since ?? new Date().toISOString() });
    }
  }
  return rolled;
}

function summarize(state: readonly Assessment[], input: ReinjectInput, rolled: number): NamespaceProgress {
  return {
    namespace: input.namespace,
    phase: input.phase,
    workloads: state.length,
    workloadsDone: state.filter(({ decision }) => decision.do === 'nothing').length,
    proxies: state.reduce((sum, { proxies }) => sum + proxies, 0),
    proven: state.reduce((sum, { proven }) => sum + proven, 0),
    rolled,
    waitingFor: state
      .filter(isBusy)
      .slice(0, 5)
      .map(({ name, decision }) => `${name}: ${whyWaiting(decision)}`),
  };
}

function whyWaiting(decision: RolloutDecision): string {
  if (decision.do === 'wait') return decision.why;
  return (decision.do === 'evict' && decision.refused) || 'next in line';
}

function stragglersOf(state: readonly Assessment[]): Finding[] {
  return state.flatMap(({ name, decision }): Finding[] => {
    if (decision.do !== 'straggle') return [];
    const { reason, message, hint } = decision;
    return [{ reason, severity: 'block', message, subject: { kind: 'workload', name }, hint }];
  });
}
