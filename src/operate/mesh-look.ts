import type { ProxyObservation } from '../ground/mesh.js';
import { present } from '../ground/present.js';
import { clusterNow } from '../kubernetes/clock.js';
import type { Kubernetes } from '../kubernetes/client.js';
import type { Linkerd } from '../linkerd/detect.js';
import { withIdentity } from '../linkerd/proxies/judged-pods.js';
import { listMeshedPods } from '../linkerd/proxies/list-pods.js';
import { observeProxies, type Prober } from '../linkerd/proxies/observe.js';
import type { MeshedPod } from '../linkerd/proxies/pods.js';
import { anchorsMemory } from '../linkerd/proxies/process-memory.js';
import { censusOf } from '../rotation/census.js';
import type { MeshSeen } from '../rotation/overview.js';
import type { LeafMemory } from './leaf-memory.js';
import type { LookRoots } from './look-roots.js';

/** Milliseconds after which a look tries no more proxies. */
const LONGEST_LOOK_MS = 120_000;

interface Looking {
  k8s: Kubernetes;
  prober: Prober;
  linkerd: Linkerd;
  leaves: LeafMemory;
}

/**
 * Counts what the proxies of the mesh trust and present: one list of pods, and a word with those alone of which it is not known.
 * @param bundle fingerprints
 */
export async function lookAtMesh(
  { k8s, prober, linkerd, leaves }: Looking,
  roots: LookRoots,
  bundle: readonly string[],
): Promise<MeshSeen> {
  const at = clusterNow(k8s).toISOString();
  const began = performance.now();
  const all = await listMeshedPods(k8s, linkerd.namespace);
  anchorsMemory(k8s).keep(all);
  leaves.keep(all);
  leaves.triedWith(roots.certificates.map(({ fingerprint }) => fingerprint));
  const pods = withIdentity(all).filter(({ address }) => address !== undefined);
  const known = new Map(pods.flatMap((pod) => withLeaf(pod, leaves)));
  const seen = await observeProxies(k8s, { ...prober, lookMs: LONGEST_LOOK_MS }, pods, {
    ...{ anchors: true, leaf: true, roots: roots.certificates, linkerd },
    isTold: ({ uid }) => known.has(uid),
  });
  remember(leaves, pods, seen);
  const proxies = seen.map((proxy) => ({ ...proxy, ...present({ leaf: proxy.leaf ?? known.get(proxy.uid) }) }));
  return {
    at,
    seconds: (performance.now() - began) / 1000,
    namespaces: censusOf(proxies, roots.census),
    stale: staleOf(proxies, bundle),
  };
}

function withLeaf(pod: MeshedPod, leaves: LeafMemory) {
  const leaf = leaves.get(pod);
  return leaf ? [[pod.uid, leaf] as const] : [];
}

function remember(leaves: LeafMemory, pods: readonly MeshedPod[], seen: readonly ProxyObservation[]): void {
  const processes = new Map(pods.map((pod) => [pod.uid, pod]));
  for (const { uid, leaf } of seen) {
    const process = processes.get(uid);
    if (leaf && process) leaves.set(process, leaf);
  }
}

/** How many proxies of each namespace are known to have other anchors than the bundle. */
export function staleOf(
  proxies: readonly Pick<ProxyObservation, 'namespace' | 'anchors'>[],
  bundle: readonly string[],
): MeshSeen['stale'] {
  const found = new Map<string, number>();
  for (const { namespace, anchors } of proxies)
    if (anchors && !isSame(anchors, bundle)) found.set(namespace, (found.get(namespace) ?? 0) + 1);
  const names = [...found.keys()].toSorted();
  return names.map((namespace) => ({ namespace, proxies: found.get(namespace) ?? 0 }));
}

function isSame(some: readonly string[], others: readonly string[]): boolean {
  return some.every((one) => others.includes(one)) && others.every((one) => some.includes(one));
}
