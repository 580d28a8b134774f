import type { Fingerprint, ProxyObservation } from '../ground/mesh.js';
import type { IssuerState } from './courses/course.js';
import { processes, type Roots } from './past-return.js';

export interface Traces {
  /** Every copy of the trust anchors. */
  stores: readonly (readonly Fingerprint[])[];
  proxies: readonly ProxyObservation[];
  /** What the issuer Secret holds; undefined: somebody else's. */
  issuer: IssuerState | undefined;
  /** This very rotation made the Secret. */
  isOwn: boolean;
}

/**
 * Whether nothing in the mesh refers to what a rotation's Secret holds, so that it may be deleted, the key of its root too:
 * no store has the new root, no process trusts it, and the issuer in use is the one of the start. A process that could not
 * be read counts against it, unless this rotation made the Secret and has not come to its first write.
 */
export function isUntouched({ root, retire }: Roots, { stores, proxies, issuer, isOwn }: Traces): boolean {
  if (issuer !== 'previous') return false;
  if (retire.length === 0) return true; // the root is the one of the start, so everybody has it
  if (stores.some((anchors) => anchors.includes(root))) return false;
  return !proxies.some((proxy) => {
    const known = processes(proxy);
    return known.length === 0 ? !isOwn : known.some((anchors) => anchors.includes(root));
  });
}

/**
 * Whether what a rotation's Secret holds is in use, so that a rotation has to go on with it. That Secret alone proves nothing:
 * who may create one in the control plane's namespace may have planted it.
 * - `inUse`: a trust bundle has its root, or the issuer Secret an issuer of it. Whoever wrote those has the mesh already.
 * - `unclear`: only a pod says that it trusts its root, and anybody may write a pod.
 * - `unused`: nothing refers to it, so new certificates can take its place.
 */
export type Use = 'inUse' | 'unclear' | 'unused';

export function useOf({ root, retire }: Roots, { stores, proxies, issuer }: Omit<Traces, 'isOwn'>): Use {
  if (issuer !== undefined && issuer !== 'previous') return 'inUse';
  if (retire.length === 0) return 'unused'; // the root is the one in use, whoever wrote the Secret
  if (stores.some((anchors) => anchors.includes(root))) return 'inUse';
  return proxies.some((proxy) => processes(proxy).some((anchors) => anchors.includes(root))) ? 'unclear' : 'unused';
}
