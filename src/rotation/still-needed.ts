import type { Fingerprint } from '../ground/mesh.js';
import type { IssuerState } from './courses/course.js';

/** What the stores hold when somebody says that a rotation has ended. */
export interface AtTheEnd {
  outcome: 'completed' | 'aborted';
  root: Fingerprint;
  /** The roots that the rotation takes out; empty where the issuer alone is replaced. */
  retire: readonly Fingerprint[];
  /** Every copy of the trust anchors; the first is the one that the control plane reads. */
  stores: readonly (readonly Fingerprint[])[];
  /** What the issuer Secret holds; undefined: somebody else's. */
  issuer: IssuerState | undefined;
}

const HOLDS: Record<IssuerState, string> = {
  previous: 'the issuer of the start',
  bridge: 'the issuer of the start with its bridge certificate',
  crossover: 'the bridge certificate',
  new: 'the new issuer',
};

/** Why the keys that a rotation keeps for its end and its way back must not go yet; undefined: they may. */
export function stillNeeded({ outcome, root, retire, stores, issuer }: AtTheEnd): string | undefined {
  const wanted: IssuerState = outcome === 'completed' ? 'new' : 'previous';
  if (issuer !== undefined && issuer !== wanted) return `the issuer Secret holds ${HOLDS[issuer]}`;
  if (retire.length === 0) return undefined;
  if (outcome === 'aborted') return stores.flat().includes(root) ? 'a trust bundle has the new root' : undefined;
  const [bundle = []] = stores;
  if (!bundle.includes(root)) return 'the trust bundle does not have the new root';
  return bundle.some((anchor) => retire.includes(anchor))
    ? 'the trust bundle still has the root of the start'
    : undefined;
}
