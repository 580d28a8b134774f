import type { Fingerprint, LeafObservation } from '../ground/mesh.js';
import { isSigned } from '../ground/mesh.js';
import { clusterNow } from '../kubernetes/clock.js';
import type { Kubernetes } from '../kubernetes/client.js';
import type { MeshedPod } from '../linkerd/proxies/pods.js';
import { processMemory, type ProcessOfPod } from '../linkerd/proxies/process-memory.js';
import { renewalDue } from '../rotation/renewal.js';

/**
 * The leaves that processes have presented. A proxy gets another one by its timer or with another process, so it is asked again
 * when its timer has run out; and all are, when there is a root that they have not been tried with.
 */
export interface LeafMemory {
  /** @returns undefined when the process has to be asked */
  get(process: ProcessOfPod): LeafObservation | undefined;
  /** Just presented. */
  set(process: ProcessOfPod, leaf: LeafObservation): void;
  /** Drops what is of pods that are gone. */
  keep(pods: readonly Pick<MeshedPod, 'uid'>[]): void;
  /** The roots that leaves are tried with from now on. */
  triedWith(roots: readonly Fingerprint[]): void;
}

export function leafMemory(k8s: Kubernetes): LeafMemory {
  const known = processMemory<LeafObservation>(k8s);
  let tried: readonly Fingerprint[] = [];
  return {
    get: (process) => {
      const leaf = known.get(process);
      return leaf && isStill(leaf, clusterNow(k8s))
        ? { ...leaf, verifiesWith: among(leaf.verifiesWith, tried) }
        : undefined;
    },
    set: (process, leaf) => known.set(process, leaf),
    keep: (pods) => known.keep(pods),
    triedWith: (roots) => {
      if (roots.some((root) => !tried.includes(root))) known.keep([]);
      tried = roots;
    },
  };
}

function among(some: readonly Fingerprint[], others: readonly Fingerprint[]): Fingerprint[] {
  return some.filter((one) => others.includes(one));
}

/** Of one that nobody of the mesh has signed its times say nothing. */
function isStill(leaf: LeafObservation, now: Date): boolean {
  return isSigned(leaf) && renewalDue(leaf) > now;
}
