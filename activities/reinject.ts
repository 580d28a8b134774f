import { type ProxyObservation, workloadName } from '../src/ground/mesh.js';
import { present } from '../src/ground/present.js';
import type { Workload, WorkloadReading } from '../src/kubernetes/workload.js';
import { isWorkloadKind, listWorkloads } from '../src/kubernetes/workloads.js';
import { capped } from '../src/rotation/capped.js';
import type { ReinjectInput, ReinjectResult } from '../src/rotation/rollout-payloads.js';
import { act, needsInjector, nextInLine } from './kit/act.js';
import { assess, type Assessment } from './kit/assess.js';
import { BEHIND_THE_FIRST, heedFirst } from './kit/first-of-wave.js';
import { withInjectorDown } from './kit/heed-injector.js';
import { pause, reportProgress } from './kit/heartbeat.js';
import { namespaceMemory, type NamespaceMemory } from './kit/namespace-memory.js';
import { isBusy, SHOWN_ALONE, stragglersOf, summarize, undoneBefore, undoneOf } from './kit/namespace-progress.js';
import { judgedPods } from '../src/linkerd/proxies/judged-pods.js';
import { rolloutCache } from './kit/rollout-cache.js';
import { fence } from './kit/fence.js';
import type { Dependencies } from './kit/dependencies.js';
import { injectorIsReady } from './kit/rehearsal.js';
import { type PhaseContext, readPhase } from './kit/stored-rotation.js';
import { workloadReading } from './kit/templates.js';

/** Workloads of one namespace that roll at the same time, where the input says nothing. */
const AT_ONCE = 8;
/** Stragglers that a result names; the gate counts all. */
const MOST_STRAGGLERS = 40;

/**
 * Rolls the workloads of one namespace whose proxies fall short of the phase's requirement, and waits for their
 * replacements. It ends when every proxy meets it, or when all that is left are stragglers. Every pass starts from what
 * the cluster shows, so it may die anywhere and be run again.
 */
export async function reinject(dependencies: Dependencies, input: ReinjectInput): Promise<ReinjectResult> {
  return await rollNamespace(dependencies, await readPhase(dependencies, input), input);
}

/** The same, of a phase that has been read. */
export async function rollNamespace(
  dependencies: Dependencies,
  phase: PhaseContext,
  input: ReinjectInput,
): Promise<ReinjectResult> {
  const { rollout, timing } = input.settings;
  const reading = workloadReading(phase);
  const memory = namespaceMemory({ ...input.undone, ...undoneBefore() });
  const look = namespaceLooks(dependencies, input, {
    reading,
    memory,
    controlPlane: phase.linkerd.namespace,
    anchors: phase.evidence.anchors,
    proxies: rolloutCache(dependencies, phase, input),
  });
  let rolled = 0;
  for (;;) {
    memory.lookAgain();
    const found = await look();
    const seen = assess(found, { phase, input, memory });
    const heeding = await heedInjector(dependencies, phase, { seen, input, memory });
    const { state, free } = heedFirst(heeding, { proxies: found.proxies, phase, input, memory });
    const heldBecause = (one: Assessment) => (free.includes(one) ? undefined : BEHIND_THE_FIRST);
    const progress = {
      ...summarize(state, input, { rolled, named: SHOWN_ALONE, heldBecause }),
      ...present({ undone: undoneOf(state) }),
    };
    reportProgress(progress);
    const next = nextInLine(free, rollout.workloads ?? AT_ONCE);
    if (next.length > 0) {
      await fence(dependencies, input);
      rolled += await act(dependencies.k8s, next, { reading, memory });
    }
    if (!state.some(isBusy))
      return { ...progress, rolled, stragglers: capped(stragglersOf(state), MOST_STRAGGLERS).shown };
    await pause(timing.poll);
  }
}

interface LookAt {
  reading: WorkloadReading;
  memory: NamespaceMemory;
  controlPlane: string;
  /** The phase is about anchors. */
  anchors: boolean;
  proxies: ReturnType<typeof rolloutCache>;
}

/** Looks at a namespace again and again; after the first time only at kinds that have something to do here. */
function namespaceLooks({ k8s }: Dependencies, { namespace }: ReinjectInput, at: LookAt) {
  let kinds: Set<string> | undefined;
  return async (): Promise<{ workloads: Workload[]; proxies: ProxyObservation[] }> => {
    for (;;) {
      // Controllers first: what one calls rolled out, the pods read after it show. The other way round a pod that was
      // replaced in between would look like one that its rollout left behind.
      const workloads = await listWorkloads(k8s, namespace, at.reading, kinds);
      const pods = await judgedPods(k8s, at.controlPlane, { anchors: at.anchors, namespace });
      const proxies = await at.proxies(pods);
      const isNew = ({ workload }: ProxyObservation) => isWorkloadKind(workload.kind) && !kinds?.has(workload.kind);
      if (kinds && proxies.some(isNew)) {
        kinds = undefined; // a controller of another kind has come
        continue;
      }
      const isTouched = (workload: Workload) =>
        workload.edits.length > 0 ||
        (workload.mark ?? workload.objectMark ?? workload.restartedAt) !== undefined ||
        at.memory.rolled.has(workloadName(workload)) ||
        at.memory.evicted.has(workloadName(workload));
      const touched = workloads.filter(isTouched);
      kinds = new Set([...proxies.map(({ workload }) => workload.kind), ...touched.map(({ kind }) => kind)]);
      return { workloads, proxies };
    }
  };
}

/** While no injector is ready, what it would have to inject is not rolled. The control plane is: the injector is part of it. */
async function heedInjector(
  { k8s }: Dependencies,
  { linkerd }: PhaseContext,
  { seen, input, memory }: { seen: Assessment[]; input: ReinjectInput; memory: NamespaceMemory },
): Promise<Assessment[]> {
  const isBound = input.namespace !== linkerd.namespace && seen.some(needsInjector);
  if (!isBound || (await injectorIsReady(k8s, linkerd.namespace))) return seen;
  return withInjectorDown(seen, { memory, stuckAfterMs: input.settings.rollout.stuckAfter });
}
