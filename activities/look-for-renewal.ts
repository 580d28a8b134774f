import { present } from '../src/ground/present.js';
import type { RenewalLook } from '../src/rotation/watch.js';
import type { Dependencies } from './kit/dependencies.js';
import { lastStarted } from './kit/last-started.js';
import { lookAtRoot } from './kit/renewal-look.js';

export interface RenewalInput {
  linkerdNamespace?: string;
  /** uid of namespace `kube-system`: the cluster that the first look was at; absent in that. */
  clusterUid?: string;
  /** Workflow id of the cluster's rotations. */
  rotationId?: string;
}

/** lookForRenewal: has the root's Certificate been renewed, and is everything in its place for when it is; changes nothing. */
export async function lookForRenewal(
  dependencies: Dependencies,
  { linkerdNamespace, rotationId }: RenewalInput,
): Promise<RenewalLook> {
  const { look } = await lookAtRoot(dependencies, linkerdNamespace);
  const last = rotationId === undefined ? undefined : await lastStarted(rotationId);
  return { ...look, ...present({ last }) };
}
