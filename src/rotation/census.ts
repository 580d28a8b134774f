import type { Fingerprint, ProxyObservation } from '../ground/mesh.js';

/** How many proxies trust and present what: counted by namespace, never by pod. */

/**
 * Of what a proxy trusts (the anchors of its process) or presents (what its chain verifies with):
 * the old root alone, the new root alone, both, neither of them, or nobody knows.
 */
export const HOLDINGS = ['old', 'both', 'new', 'other', 'unknown'] as const;
export type Holding = (typeof HOLDINGS)[number];
export type Counts = Record<Holding, number>;

export interface NamespaceCensus {
  namespace: string;
  proxies: number;
  trusts: Counts;
  presents: Counts;
}

/** All proxies of a mesh at one moment: a point of the picture's stacked areas. */
export interface Sample {
  /** ISO 8601. */
  at: string;
  /** Of the rotation; absent: none is under way. */
  phase?: string;
  trusts: Counts;
  presents: Counts;
}

/** The roots that are told apart. Between rotations there is no new one, and the old ones are those in use. */
export interface CensusRoots {
  old: readonly Fingerprint[];
  new?: Fingerprint | undefined;
}

export function noCounts(): Counts {
  return { old: 0, both: 0, new: 0, other: 0, unknown: 0 };
}

/** By namespace, in the order of their names. */
export function censusOf(proxies: readonly ProxyObservation[], roots: CensusRoots): NamespaceCensus[] {
  const found = new Map<string, NamespaceCensus>();
  for (const { namespace, anchors, leaf } of proxies) {
    const census = found.get(namespace) ?? { namespace, proxies: 0, trusts: noCounts(), presents: noCounts() };
    census.proxies += 1;
    census.trusts[holdingOf(anchors, roots)] += 1;
    census.presents[holdingOf(leaf?.verifiesWith, roots)] += 1;
    found.set(namespace, census);
  }
  return [...found.values()].toSorted((a, b) => (a.namespace < b.namespace ? -1 : 1));
}

function holdingOf(held: readonly Fingerprint[] | undefined, roots: CensusRoots): Holding {
  if (held === undefined) return 'unknown';
  const hasNew = roots.new !== undefined && held.includes(roots.new);
  const hasOld = roots.old.some((root) => held.includes(root));
  if (hasNew) return hasOld ? 'both' : 'new';
  return hasOld ? 'old' : 'other';
}

/** All namespaces together. */
export function totalOf(namespaces: readonly NamespaceCensus[], of: 'trusts' | 'presents'): Counts {
  const total = noCounts();
  for (const namespace of namespaces) for (const holding of HOLDINGS) total[holding] += namespace[of][holding];
  return total;
}

/** Points of a timeline: enough for a picture on a wall, few enough for a ConfigMap. */
export const MOST_SAMPLES = 240;

/**
 * A timeline with one more point. When it is full every second point goes, so that it reaches from the beginning to now
 * however long that is. The first, the last and those in which the phase changes stay.
 */
export function withSample(timeline: readonly Sample[], sample: Sample, most = MOST_SAMPLES): Sample[] {
  const all = [...timeline, sample];
  if (all.length <= most) return all;
  const isKept = (index: number) =>
    index % 2 === 0 || index === all.length - 1 || all[index]?.phase !== all[index - 1]?.phase;
  return all.filter((_, index) => isKept(index));
}
