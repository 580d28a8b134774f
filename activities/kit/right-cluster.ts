import { ApplicationFailure } from '@temporalio/activity';
import { readClusterUid } from '../../src/kubernetes/cluster.js';
import type { Dependencies } from './dependencies.js';

/** What every step says of its cluster; `clusterUid` is absent while nothing has been read. */
export interface OfCluster {
  clusterUid?: string;
  settings?: { cluster: string };
}

const UID_PREFIX = 8;

/** How soon another worker of the queue may take the step: one of two may be right. */
const NEXT_TRY = '2s';

/**
 * Two workers of different clusters may poll one task queue by mistake: none does anything in another cluster than the
 * one that preflight has read.
 * @throws ApplicationFailure `WrongCluster`; another worker may carry the step out
 * @throws KubernetesError
 */
export async function assertRightCluster(
  { k8s }: Pick<Dependencies, 'k8s'>,
  { clusterUid, settings }: OfCluster,
): Promise<void> {
  if (clusterUid === undefined) return;
  const here = await readClusterUid(k8s);
  if (here === clusterUid) return;
  const cluster = settings ? `cluster ${settings.cluster}` : 'its cluster';
  throw ApplicationFailure.create({
    type: 'WrongCluster',
    message:
      `this worker is of another cluster than the rotation: its API server is ${k8s.server} (kube-system ${short(here)}), ` +
      `the rotation is of ${cluster} (kube-system ${short(clusterUid)}). Nothing was done. Stop this worker, or start it ` +
      `with the name of its own cluster (\`--cluster\`, REROOT_CLUSTER); a worker of ${cluster} takes this step over`,
    nextRetryDelay: NEXT_TRY,
  });
}

function short(uid: string): string {
  return uid.slice(0, UID_PREFIX);
}
