import type { Fingerprint, ProxyObservation } from '../ground/mesh.js';

/** Proxies whose process trusts something else than the bundle has: stragglers of old anchors, counted by namespace. */
export interface StaleIn {
  namespace: string;
  proxies: number;
}

/** By namespace, in the order of their names; a proxy of which nobody knows what it trusts is not counted. */
export function staleOf(
  proxies: readonly Pick<ProxyObservation, 'namespace' | 'anchors'>[],
  bundle: readonly Fingerprint[],
): StaleIn[] {
  const counts = new Map<string, number>();
  for (const { namespace, anchors } of proxies) {
    if (anchors && !isSame(anchors, bundle)) counts.set(namespace, (counts.get(namespace) ?? 0) + 1);
  }
  return [...counts]
    .map(([namespace, count]) => ({ namespace, proxies: count }))
    .toSorted((one, other) => (one.namespace < other.namespace ? -1 : 1));
}

function isSame(held: readonly Fingerprint[], bundle: readonly Fingerprint[]): boolean {
  return bundle.every((anchor) => held.includes(anchor)) && held.every((anchor) => bundle.includes(anchor));
}
