import type { Fingerprint, ProxyObservation } from '../ground/mesh.js';

/** What a rotation's Secret says of its roots, as fingerprints. */
export interface Roots {
  root: Fingerprint;
  /** Empty for a rotation of the issuer alone. */
  retire: readonly Fingerprint[];
}

/** What stores and proxies hold now. */
export interface Held {
  /** The bundle that the control plane reads. */
  bundle: readonly Fingerprint[];
  proxies: readonly ProxyObservation[];
}

/**
 * Whether the point of no return is past: the bundle has the new root and none of the start, or there is a process that trusts
 * the new root alone. Whoever puts the old bundle back does not take such a process back: leaves under the root of the start are
 * refused by it. Decided from what is held, never from what a workflow remembers.
 */
export function isPastReturn({ root, retire }: Roots, { bundle, proxies }: Held): boolean {
  if (retire.length === 0) return false;
  const hasRetired = (anchors: readonly Fingerprint[]) => anchors.some((anchor) => retire.includes(anchor));
  const isWithoutReturn = (anchors: readonly Fingerprint[]) => anchors.includes(root) && !hasRetired(anchors);
  return isWithoutReturn(bundle) || proxies.some((proxy) => processes(proxy).some(isWithoutReturn));
}

/** The anchors of each process of a pod that could be read: its proxy, and identity beside it. */
export function processes({ anchors, identityAnchors }: ProxyObservation): Fingerprint[][] {
  return [anchors, identityAnchors].filter((known) => known !== undefined);
}
