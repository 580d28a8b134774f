import pMap from 'p-map';
import { workloadName } from '../src/ground/mesh.js';
import { present } from '../src/ground/present.js';
import { brakes } from '../src/rotation/brake.js';
import { inFlight, nextOfCluster, usualBudget } from '../src/rotation/budget.js';
import { capped } from '../src/rotation/capped.js';
import { isWaived, withoutControlPlane } from '../src/rotation/findings.js';
import type {
  ReinjectNamespacesInput,
  ReinjectNamespacesResult,
  RolloutProgress,
  UndoneRolls,
} from '../src/rotation/payloads.js';
import { type Throttle, throttle } from '../src/rotation/throttle.js';
import { act } from './kit/act.js';
import { confirmation } from './kit/confirmation.js';
import { type Cluster, clusterState, type InCluster, openWaves } from './kit/cluster-state.js';
import type { Dependencies } from './kit/dependencies.js';
import { fence } from './kit/fence.js';
import { cancellation, pause, reportedBefore, reportProgress } from './kit/heartbeat.js';
import { injectorIsReady } from './kit/rehearsal.js';
import { liveMesh, type MeshLook } from './kit/live-mesh.js';
import { isBusy, stragglersOf } from './kit/namespace-progress.js';
import { podWatch } from './kit/pod-watch.js';
import { proxyCache } from './kit/proxy-cache.js';
import { rolloutProgress } from './kit/rollout-progress.js';
import { type PhaseContext, readPhase } from './kit/stored-rotation.js';
import { workloadReading } from './kit/templates.js';

/** Proxies that fell short are looked at again after this long at the soonest: until replaced they rarely change. */
const LOOK_AGAIN_MS = 10_000;
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
  const over = new AbortController();
  const cancelled = cancellation();
  const signal = cancelled ? AbortSignal.any([cancelled, over.signal]) : over.signal;
  try {
    return await rollUntilDone({ ...dependencies, prober: { ...dependencies.prober, signal } }, phase, {
      input,
      signal,
    });
  } finally {
    over.abort();
  }
}

async function rollUntilDone(
  dependencies: Dependencies,
  phase: PhaseContext,
  { input, signal }: { input: ReinjectNamespacesInput; signal: AbortSignal },
): Promise<ReinjectNamespacesResult> {
  const { k8s } = dependencies;
  const { rollout, timing } = input.settings;
  const reading = workloadReading(phase);
  const counted = withoutControlPlane(input.waivers, input.linkerdNamespace);
  const mesh = await liveMesh(dependencies, { controlPlane: phase.linkerd.namespace, reading, signal });
  const proxies = inBackground(
    proxyCache(dependencies, phase, {
      isDue: ({ at }, now) => now - at > LOOK_AGAIN_MS,
      isWaived: ({ workload }) => isWaived({ kind: 'workload', name: workloadName(workload) }, counted),
    }),
  );
  const cluster = clusterState(phase, input, { ...input.undone, ...undoneBefore() });
  const certainly = confirmation();
  const pods = podWatch();
  const guarded = fenced(dependencies, input);
  let pace: Throttle | undefined;
  for (;;) {
    const found = await mesh.look();
    const assess = async (look: MeshLook): Promise<Cluster> => {
      const members = cluster.membersOf(look.pods);
      proxies.look(members);
      const isUp = injectorRuns(look, phase) || (await injectorIsReady(k8s, phase.linkerd.namespace));
      return cluster.assess(look.workloads, proxies.known(members), isUp);
    };
    const seen = await certainly(await assess(found), async () => await assess(await mesh.fresh()));
    const news = pods.look(cluster.membersOf(found.pods));
    pace ??= throttle({
      most: rollout.pods ?? usualBudget(seen.proxies),
      ...present({ usualMs: news.usualMs }),
    });
    const budget = pace.budget({ now: Date.now(), ...news });
    const stragglers = seen.all.filter(({ decision, begun }) => begun && decision.do === 'straggle');
    const wrong = { workloads: seen.all.length, stragglers: namesOf(stragglers), fallen: news.fallen };
    const stopped = brakes(wrong, rollout.maxStragglers);
    const closed = input.until !== undefined && Date.now() >= Date.parse(input.until);
    const next =
      stopped === undefined && !closed
        ? nextOfCluster(seen.all, openWaves(input.waves, seen), { ...rollout, pods: budget })
        : [];
    const progress = rolloutProgress(seen, { cluster, input, budget, slowed: pace.because(), stopped });
    reportProgress(progress);
    if (next.length > 0) {
      await guarded();
      await pMap(next, async (one) => await rollOne(k8s, one, { cluster, reading }), { concurrency: WRITES_AT_ONCE });
    } else if (isOver(seen.all, stopped !== undefined || closed)) return ended(progress, seen, { stopped, closed });
    await pause(timing.poll);
  }
}

/** Nothing is left to do, or nothing more is done and what was begun has ended. */
function isOver(all: readonly InCluster[], holds: boolean): boolean {
  return holds ? inFlight(all) === 0 : !all.some(isBusy);
}

function ended(
  progress: RolloutProgress,
  { all }: Cluster,
  { stopped, closed }: { stopped: string | undefined; closed: boolean },
): ReinjectNamespacesResult {
  const isLeft = all.some(isBusy);
  return {
    ...progress,
    stragglers: capped(stragglersOf(all), MOST_STRAGGLERS).shown,
    ...(isLeft ? present({ stopped, closed: closed && stopped === undefined ? (true as const) : undefined }) : {}),
  };
}

async function rollOne(
  k8s: Dependencies['k8s'],
  one: InCluster,
  { cluster, reading }: { cluster: ReturnType<typeof clusterState>; reading: ReturnType<typeof workloadReading> },
): Promise<void> {
  const rolled = await act(k8s, [one], { reading, memory: cluster.memoryOf(one.namespace) });
  cluster.count(one.namespace, rolled);
}

/** A ready replica among the pods of the control plane. */
function injectorRuns({ pods }: MeshLook, { linkerd }: PhaseContext): boolean {
  return pods.some(
    ({ namespace, component, ready, terminating }) =>
      namespace === linkerd.namespace && component === 'proxy-injector' && ready && !terminating,
  );
}

/** A proxy that does not answer holds up no roll: looks go on beside it, one after the other. */
function inBackground(cache: ReturnType<typeof proxyCache>) {
  let looking = false;
  let failure: unknown;
  return {
    look: (pods: Parameters<typeof cache>[0]): void => {
      if (looking) return;
      looking = true;
      cache(pods).then(
        () => (looking = false),
        (error: unknown) => (failure = error),
      );
    },
    known: (pods: Parameters<typeof cache>[0]) => {
      if (failure !== undefined) throw failure as Error;
      return cache.known(pods);
    },
  };
}

/** Asks for the Lease before writes, and not before each of them. */
function fenced(dependencies: Dependencies, input: ReinjectNamespacesInput): () => Promise<void> {
  let until = 0;
  return async () => {
    if (Date.now() < until) return;
    await fence(dependencies, input);
    until = Date.now() + FENCED_FOR_MS;
  };
}

function namesOf(some: readonly InCluster[]): string[] {
  return some.map(({ name }) => name);
}

function undoneBefore(): UndoneRolls | undefined {
  return (reportedBefore() as Partial<RolloutProgress> | undefined)?.undone;
}
