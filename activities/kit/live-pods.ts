import { mirror } from '../../src/kubernetes/mirror.js';
import { replicaSetOwners } from '../../src/kubernetes/owners.js';
import { missingPermissions } from '../../src/kubernetes/permissions.js';
import { listMeshedPods, meshedPodSource, verifiedPods } from '../../src/linkerd/proxies/list-pods.js';
import type { MeshedPod } from '../../src/linkerd/proxies/pods.js';
import type { Dependencies } from './dependencies.js';
import { watchPermissions } from './optional-permissions.js';

/** Every meshed pod of the cluster, looked at again and again. */
export interface LivePods {
  /** As far as the API server has told; where it may not be watched, a list. */
  look(): Promise<MeshedPod[]>;
  /** Every look is a list. */
  isFresh: boolean;
}

/** Lists once and watches from then on, until the signal. */
export async function livePods(
  { k8s }: Pick<Dependencies, 'k8s'>,
  controlPlane: string,
  signal: AbortSignal,
): Promise<LivePods> {
  const mayWatch = k8s.watch !== undefined && (await missingPermissions(k8s, watchPermissions())).length === 0;
  if (!mayWatch) return { look: async () => await listMeshedPods(k8s, controlPlane), isFresh: true };
  const pods = mirror(k8s, meshedPodSource(k8s, controlPlane), signal);
  const owners = mirror(k8s, replicaSetOwners(k8s), signal);
  const look = async (): Promise<MeshedPod[]> => {
    const ownerOf = new Map((await owners.look()).map(({ key, owner }) => [key, owner]));
    return verifiedPods(await pods.look(), ownerOf, controlPlane);
  };
  return { look, isFresh: false };
}
