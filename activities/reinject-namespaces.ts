import pMap from 'p-map';
import { present } from '../src/ground/present.js';
import type { WorkloadReading } from '../src/kubernetes/workload.js';
import { brakes } from '../src/rotation/brake.js';
import { isUnderWay, nextOfCluster, usualBudget } from '../src/rotation/budget.js';
import { headStart } from '../src/rotation/canary.js';
import { capped } from '../src/rotation/capped.js';
import type {
  ReinjectNamespacesInput,
  ReinjectNamespacesResult,
  RolloutProgress,
} from '../src/rotation/rollout-payloads.js';
import { type Throttle, throttle } from '../src/rotation/throttle.js';
import { act } from './kit/act.js';
import { clusterLooks, type ClusterLook, type ClusterLooks } from './kit/cluster-looks.js';
import { type Cluster, type ClusterState, clusterState, type InCluster, openWaves } from './kit/cluster-state.js';
import type { Dependencies } from './kit/dependencies.js';
import { fence } from './kit/fence.js';
import { pause, reportProgress, untilEnd } from './kit/heartbeat.js';
import { isBusy, stragglersOf, undoneBefore } from './kit/namespace-progress.js';
import { rolloutProgress } from './kit/rollout-progress.js';
import { type PhaseContext, readPhase } from './kit/stored-rotation.js';
import { workloadReading } from './kit/templates.js';

/** Parts of a pause: after one of them the next look begins as soon as the proxies that were asked have answered. */
const SOONEST = 4;
/** Between two looks passes so many times as long as one was judged: of 10,000 pods that keeps the processor busy for a tenth of a second. */
const REST = 19;
const MOST_REST_MS = 5000;
/** Stragglers that a result names; the gate counts all. */
const MOST_STRAGGLERS = 40;
/** Patches on their way at the same time. */
const WRITES_AT_ONCE = 8;
/** Whether the Lease is still this rotation's is asked again when this has passed. */
const FENCED_FOR_MS = 5000;

/**
 * Rolls the workloads of many namespaces whose proxies fall short of the phase's requirement, wave by wave, with as many pods
 * under way at a time as the budget allows, and waits for their replacements. It ends when every proxy meets it, when all that
 * is left are stragglers, or when it has to stop and ask. Every look starts from what the cluster shows, so it may die anywhere
 * and be run again: nothing is rolled twice.
 */
export async function reinjectNamespaces(
  dependencies: Dependencies,
  input: ReinjectNamespacesInput,
): Promise<ReinjectNamespacesResult> {
  return await rollWaves(dependencies, await readPhase(dependencies, input), input);
}

/** The same, of a phase that has been read. */
export async function rollWaves(
  dependencies: Dependencies,
  phase: PhaseContext,
  input: ReinjectNamespacesInput,
): Promise<ReinjectNamespacesResult> {
  const { signal, end } = untilEnd();
  const cluster = clusterState(phase, input, { ...input.undone, ...undoneBefore() });
  const watched = { ...dependencies, prober: { ...dependencies.prober, signal } };
  try {
    const looks = await clusterLooks(watched, { phase, input, cluster, signal });
    const write = writer(dependencies, { input, cluster, reading: workloadReading(phase) });
    return await rollUntilDone({ input, cluster, looks, write });
  } finally {
    end();
  }
}

interface Rolling {
  input: ReinjectNamespacesInput;
  cluster: ClusterState;
  looks: ClusterLooks;
  write(next: readonly InCluster[]): Promise<void>;
}

async function rollUntilDone({ input, cluster, looks, write }: Rolling): Promise<ReinjectNamespacesResult> {
  const { rollout, timing } = input.settings;
  const isAhead = headStart();
  let pace: Throttle | undefined;
  for (;;) {
    const { seen, news, judgedMs } = await looks.look();
    pace ??= throttle({ most: rollout.pods ?? usualBudget(seen.proxies), ...present({ usualMs: news.usualMs }) });
    const budget = pace.budget({ now: Date.now(), ...news });
    const held = whyHeld({ seen, news }, input);
    const next = held
      ? []
      : nextOfCluster(seen.all, openWaves(input.waves, seen, isAhead), { ...rollout, pods: budget });
    const progress = rolloutProgress(seen, { cluster, input, budget, slowed: pace.because(), stopped: held?.stopped });
    reportProgress(progress);
    if (next.length > 0) await write(next);
    else if (held ? !seen.all.some(isUnderWay) : !seen.all.some(isBusy)) return ended(progress, seen, held);
    const soonest = Math.max(timing.poll / SOONEST, Math.min(MOST_REST_MS, REST * judgedMs));
    await pause(soonest);
    await Promise.race([pause(Math.max(0, timing.poll - soonest)), looks.answered()]);
  }
}

/** Why nothing more begins to roll: too much has gone wrong, or the window has closed. */
interface Held {
  stopped?: string;
  closed?: true;
}

function whyHeld(
  { seen, news: { fallen } }: Pick<ClusterLook, 'seen' | 'news'>,
  { settings, until }: ReinjectNamespacesInput,
): Held | undefined {
  const stuck = seen.all.filter(({ decision, begun }) => begun && decision.do === 'straggle');
  const wrong = { workloads: seen.all.length, stragglers: stuck.map(({ name }) => name), fallen };
  const stopped = brakes(wrong, settings.rollout.maxStragglers);
  if (stopped !== undefined) return { stopped };
  return until !== undefined && Date.now() >= Date.parse(until) ? { closed: true } : undefined;
}

function ended(progress: RolloutProgress, { all }: Cluster, held: Held | undefined): ReinjectNamespacesResult {
  const stragglers = capped(stragglersOf(all), MOST_STRAGGLERS).shown;
  return { ...progress, stragglers, ...(all.some(isBusy) ? held : {}) };
}

interface Writing {
  input: ReinjectNamespacesInput;
  cluster: ClusterState;
  reading: WorkloadReading;
}

/** Rolls and evicts, many at a time. The Lease is asked for before writes, and not before each of them. */
function writer(dependencies: Dependencies, { input, cluster, reading }: Writing): Rolling['write'] {
  let fencedUntil = 0;
  return async (next) => {
    if (Date.now() >= fencedUntil) {
      await fence(dependencies, input);
      fencedUntil = Date.now() + FENCED_FOR_MS;
    }
    const roll = async (one: InCluster): Promise<void> => {
      const rolled = await act(dependencies.k8s, [one], { reading, memory: cluster.memoryOf(one.namespace) });
      cluster.count(one.namespace, rolled);
    };
    await pMap(next, roll, { concurrency: WRITES_AT_ONCE });
  };
}
