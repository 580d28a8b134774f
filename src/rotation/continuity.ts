import { type ProxyObservation, rootName, type Target } from '../ground/mesh.js';
import type { IssuerState } from './courses/course.js';
import { presentsBothChains, presentsTarget, type Requirement, type Shortfall } from './gates.js';

/**
 * What must be true of every live proxy at the moment of a write, whichever strategy asks for it and whatever was proven
 * before. The steps that write prove it themselves: they are called by whoever reaches the task queue, and a proof of an
 * hour ago is none.
 */
export interface Needed {
  requirement: Requirement;
  /** What has to be read of a proxy to tell. */
  evidence: { anchors: boolean; leaf: boolean };
}

const BOTH_CHAINS: Needed = { requirement: presentsBothChains, evidence: { anchors: false, leaf: true } };

/** Each process trusts the target. */
function holdsTarget(
  { anchors, identityAnchors, unstarted }: ProxyObservation,
  { root }: Target,
): Shortfall | undefined {
  const known = [anchors, identityAnchors].filter((each) => each !== undefined);
  if (known.length > 0 && known.every((each) => each.includes(root.fingerprint))) return undefined;
  if (known.length > 0)
    return { reason: 'TargetNotTrusted', message: `its process was started without ${rootName(root)}` };
  if (unstarted) return undefined; // it reads the bundle when it is started
  return { reason: 'AnchorsUnknown', message: 'its anchors could not be read', unproven: true };
}

/**
 * Prune safety: what starts from now on trusts the target alone, so every leaf has to verify with that. Where a process does
 * not trust the target yet, leaves have to verify with what it trusts as well.
 * @param waived whether it is gone on without a proxy
 */
export function neededToRetire(
  proxies: readonly ProxyObservation[],
  target: Target,
  waived: (proxy: ProxyObservation) => boolean,
): Needed {
  const everybodyTrusts = proxies.every((proxy) => waived(proxy) || holdsTarget(proxy, target) === undefined);
  return everybodyTrusts ? { requirement: presentsTarget, evidence: { anchors: false, leaf: true } } : BOTH_CHAINS;
}

/**
 * Swap safety: what every proxy must show before the issuer Secret gets to a state. With the issuer of the start first in
 * it, nothing can be refused that was not before; undefined: nothing has to be proven.
 */
export function neededToIssue(state: IssuerState, isBack: boolean): Needed | undefined {
  if (state === 'crossover') return BOTH_CHAINS;
  if (state !== 'new' && !(state === 'previous' && isBack)) return undefined;
  return { requirement: holdsTarget, evidence: { anchors: true, leaf: false } };
}
