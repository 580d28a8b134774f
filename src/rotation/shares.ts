import { fitting, ROOM_FOR_NAMESPACES } from '../ground/size.js';
import { capped } from './capped.js';
import type { GateResult, Share } from './payloads.js';

/** Findings that travel in the result of a gate; the counts cover all. */
export const SHOWN_FINDINGS = 20;

/** Proxies from which on a proof is shared out: of fewer, the lists cost more than is won. */
export const WORTH_SHARING = 2000;
/** More workers than this have nothing to do in a proof. */
export const MOST_SHARES = 16;

/** One for each worker. */
export function sharesFor(workers: number): Share[] {
  const of = Math.min(workers, MOST_SHARES);
  return Array.from({ length: of }, (_, index) => ({ index, of }));
}

/**
 * Whether a pod is in a share: in one of them and always in the same, whoever lists it and when, so that a pod which is born while
 * they are proven is seen by the one that it falls to.
 */
export function isOfShare(uid: string, { index, of }: Share): boolean {
  return hash(uid) % of === index;
}

/** FNV-1a with 32 bits (draft-eastlake-fnv): uids that differ in one digit come apart. */
function hash(text: string): number {
  let sum = 0x811c9dc5;
  for (let at = 0; at < text.length; at += 1) sum = Math.imul(sum ^ text.charCodeAt(at), 0x01000193);
  return (sum ^ (sum >>> 15)) >>> 0;
}

/** What a gate finds in all shares together; with none, it has not been looked at, and does not pass. */
export function mergeShares(shares: readonly GateResult[], linkerdNamespace: string): GateResult {
  const sum = (of: 'proxies' | 'proven' | 'waived') => shares.reduce((total, share) => total + share[of], 0);
  const all = (of: 'findings' | 'reverted') => shares.flatMap((share) => share[of]);
  return {
    passed: shares.length > 0 && shares.every(({ passed }) => passed),
    ...{ proxies: sum('proxies'), proven: sum('proven'), waived: sum('waived') },
    ...mergedNamespaces(shares, linkerdNamespace),
    reverted: capped(all('reverted'), SHOWN_FINDINGS).shown,
    findings: capped(all('findings'), SHOWN_FINDINGS).shown,
  };
}

function mergedNamespaces(
  shares: readonly GateResult[],
  linkerdNamespace: string,
): Pick<GateResult, 'namespaces' | 'namespacesOmitted'> {
  const outdated = new Map<string, number>();
  for (const { name, outdated: count } of shares.flatMap(({ namespaces }) => namespaces)) {
    outdated.set(name, (outdated.get(name) ?? 0) + count);
  }
  const omitted = Math.max(0, ...shares.map(({ namespacesOmitted = 0 }) => namespacesOmitted)); // may be the same in each
  return fittingNamespaces(outdated, linkerdNamespace, omitted);
}

/** Linkerd's own first: it is rolled before all others. As many as fit; when they are rolled, the next look has the others. */
export function fittingNamespaces(
  outdated: ReadonlyMap<string, number>,
  linkerdNamespace: string,
  omittedBefore = 0,
): Pick<GateResult, 'namespaces' | 'namespacesOmitted'> {
  const all = [...outdated].map(([name, count]) => ({ name, outdated: count }));
  const isOwn = ({ name }: GateResult['namespaces'][number]) => name === linkerdNamespace;
  const namespaces = fitting([...all.filter(isOwn), ...all.filter((one) => !isOwn(one))], ROOM_FOR_NAMESPACES);
  const omitted = omittedBefore + all.length - namespaces.length;
  return { namespaces, ...(omitted > 0 ? { namespacesOmitted: omitted } : {}) };
}
