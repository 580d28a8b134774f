import type { MeshedPod } from '../../src/linkerd/proxies/pods.js';
import type { ReinjectNamespacesInput } from '../../src/rotation/rollout-payloads.js';
import type { Cluster, ClusterState } from './cluster-state.js';
import { confirmation } from './confirmation.js';
import type { Dependencies } from './dependencies.js';
import { liveMesh, type MeshLook } from './live-mesh.js';
import { podWatch, type PodNews } from './pod-watch.js';
import { rolloutCache } from './rollout-cache.js';
import { injectorIsReady } from './rehearsal.js';
import type { PhaseContext } from './stored-rotation.js';
import { workloadReading } from './templates.js';

interface Where {
  phase: PhaseContext;
  input: ReinjectNamespacesInput;
  cluster: ClusterState;
  signal: AbortSignal;
}

/** What a look over many namespaces has found. */
export interface ClusterLook {
  seen: Cluster;
  /** What pods tell of how the cluster bears it. */
  news: PodNews;
  /** Milliseconds for which the processor was busy with it; what the API server took is not in it. */
  judgedMs: number;
}

export interface ClusterLooks {
  look(): Promise<ClusterLook>;
  /** Resolves when the proxies that are being asked have answered; never while none is. */
  answered(): Promise<void>;
}

/** Looks at all namespaces of a rollout again and again: controllers and pods as the API server tells, proxies beside that. */
export async function clusterLooks(
  dependencies: Dependencies,
  { phase, input, cluster, signal }: Where,
): Promise<ClusterLooks> {
  const { namespace: controlPlane } = phase.linkerd;
  const mesh = await liveMesh(dependencies, { controlPlane, reading: workloadReading(phase), signal });
  const proxies = inBackground(rolloutCache(dependencies, phase, input));
  const certainly = confirmation();
  const pods = podWatch();
  let judgedMs = 0;
  const assess = async (found: MeshLook, members: readonly MeshedPod[]): Promise<Cluster> => {
    proxies.look(members);
    const isUp = injectorRuns(found, controlPlane) || (await injectorIsReady(dependencies.k8s, controlPlane));
    const began = performance.now();
    const seen = cluster.assess(found.workloads, proxies.known(members), isUp);
    judgedMs = performance.now() - began;
    return seen;
  };
  const assessAnew = async (): Promise<Cluster> => {
    const found = await mesh.fresh();
    return await assess(found, cluster.membersOf(found.pods));
  };
  return {
    look: async () => {
      const found = await mesh.look();
      const members = cluster.membersOf(found.pods);
      const told = await assess(found, members);
      const seen = mesh.isFresh ? told : await certainly(told, assessAnew);
      return { seen, news: pods.look(members), judgedMs };
    },
    answered: proxies.answered,
  };
}

/** A ready replica among the pods of the control plane. */
function injectorRuns({ pods }: MeshLook, controlPlane: string): boolean {
  return pods.some(
    ({ namespace, component, ready, terminating }) =>
      namespace === controlPlane && component === 'proxy-injector' && ready && !terminating,
  );
}

type Cache = ReturnType<typeof rolloutCache>;

interface Asking {
  look(pods: readonly MeshedPod[]): void;
  known: Cache['known'];
  answered(): Promise<void>;
}

/** A proxy that does not answer holds up no roll: looks go on beside it, one after the other. */
function inBackground(cache: Cache): Asking {
  let asking: Promise<void> | undefined;
  let failure: unknown;
  const ask = async (pods: readonly MeshedPod[]): Promise<void> => {
    try {
      await cache(pods);
      asking = undefined;
    } catch (error) {
      failure = error;
    }
  };
  return {
    look: (pods) => {
      if (!asking && cache.due(pods).length > 0) asking = ask(pods);
    },
    known: (pods) => {
      if (failure !== undefined) throw failure as Error;
      return cache.known(pods);
    },
    answered: async () => await (asking ?? new Promise<void>(() => {})),
  };
}
