import type { Kubernetes } from '../../kubernetes/client.js';
import { listMeshedPods } from './list-pods.js';
import type { MeshedPod } from './pods.js';
import { anchorsMemory } from './process-memory.js';

/**
 * Pods that a look at anchors is about: one without an address has not been started, and will be with the anchors that are
 * written in it, however late that is.
 */
export async function judgedPods(
  k8s: Kubernetes,
  controlPlane: string,
  { anchors, namespace }: { anchors: boolean; namespace?: string | undefined },
): Promise<MeshedPod[]> {
  const all = await listMeshedPods(k8s, controlPlane, namespace);
  if (namespace === undefined) anchorsMemory(k8s).keep(all);
  return judgedOf(all, anchors);
}

/** The same, of pods that are known. */
export function judgedOf(all: readonly MeshedPod[], anchors: boolean): MeshedPod[] {
  const pods = withIdentity(all);
  return anchors ? pods : pods.filter(({ address }) => address !== undefined);
}

/** A proxy whose identity is switched off has nothing that could be rotated: it is left alone. */
export function withIdentity(pods: readonly MeshedPod[]): MeshedPod[] {
  return pods.filter(({ identityOff }) => !identityOff);
}
