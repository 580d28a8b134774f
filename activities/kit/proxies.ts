import type { ProxyObservation } from '../../src/ground/mesh.js';
import type { Kubernetes } from '../../src/kubernetes/client.js';
import type { Linkerd } from '../../src/linkerd/detect.js';
import { observeProxies } from '../../src/linkerd/proxies/observe.js';
import { listMeshedPods, type MeshedPod } from '../../src/linkerd/proxies/pods.js';
import type { Dependencies } from './dependencies.js';
import type { PhaseContext } from './stored-rotation.js';

/**
 * Pods that a look at anchors is about: one without an address has not been started, and will be with the anchors that are
 * written in it, however late that is.
 */
export async function judgedPods(
  k8s: Kubernetes,
  controlPlane: string,
  { anchors, namespace }: { anchors: boolean; namespace?: string | undefined },
): Promise<MeshedPod[]> {
  const pods = await listMeshedPods(k8s, controlPlane, namespace);
  return anchors ? pods : pods.filter(({ address }) => address !== undefined);
}

/** Those that the gate of a phase is about. */
export async function gatedPods(
  k8s: Kubernetes,
  { linkerd, row, evidence }: Pick<PhaseContext, 'linkerd' | 'evidence'> & { row: Pick<PhaseContext['row'], 'whose'> },
): Promise<MeshedPod[]> {
  const pods = await judgedPods(k8s, linkerd.namespace, evidence);
  return row.whose === 'identity' ? pods.filter(({ component }) => component === 'identity') : pods;
}

/** Reads of each proxy what the gate of the phase needs. */
export async function probe(
  { k8s, prober }: Dependencies,
  { roots, linkerd, evidence }: Pick<PhaseContext, 'roots' | 'linkerd' | 'evidence'>,
  pods: readonly MeshedPod[],
): Promise<ProxyObservation[]> {
  return await observeProxies(k8s, prober, pods, { ...evidence, roots, linkerd });
}

/** What each process of the mesh trusts; nobody is asked for a certificate. */
export async function observeAnchors({ k8s, prober }: Dependencies, linkerd: Linkerd): Promise<ProxyObservation[]> {
  const pods = await judgedPods(k8s, linkerd.namespace, { anchors: true });
  return await observeProxies(k8s, prober, pods, { anchors: true, leaf: false, roots: [], linkerd });
}
