import { present } from '../src/ground/present.js';
import type { RotationInput } from '../src/rotation/input.js';
import type { RenewalLook } from '../src/rotation/watch.js';
import type { Dependencies } from './kit/dependencies.js';
import { lookAtExpiry } from './kit/expiry-look.js';
import { lastStarted } from './kit/last-started.js';
import { lookAtRoot } from './kit/renewal-look.js';

export interface RenewalInput {
  linkerdNamespace?: string;
  /** uid of namespace `kube-system`: the cluster that the first look was at; absent in that. */
  clusterUid?: string;
  /** Workflow id of the cluster's rotations. */
  rotationId?: string;
  /** Where the watch is to act before what is in use expires: the input of the rotation that it starts. */
  expiry?: { rotation: RotationInput };
}

/**
 * lookForRenewal: has the root's Certificate been renewed, is everything in its place for when it is, and when does what is in use
 * expire; changes nothing.
 */
export async function lookForRenewal(
  dependencies: Dependencies,
  { linkerdNamespace, rotationId, expiry: wanted }: RenewalInput,
): Promise<RenewalLook> {
  const looked = await lookAtRoot(dependencies, linkerdNamespace);
  const expiry = wanted && (await lookAtExpiry(dependencies, looked, wanted.rotation));
  const last = rotationId === undefined ? undefined : await lastStarted(rotationId);
  return { ...looked.look, ...present({ last, expiry }) };
}
