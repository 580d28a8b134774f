import type { Finding, Waiver } from './findings.js';
import { isWaived } from './findings.js';
import { type ProxyObservation, type Target, workloadName } from '../ground/mesh.js';
import type { Goal } from './strategies.js';

/**
 * What one proxy must show before a phase may be left: nothing, or the reason it does not.
 * A requirement reads the running process and the presented chain, never specs (design.md section 4).
 */
export type Requirement = (proxy: ProxyObservation, target: Target) => Shortfall | undefined;

export interface Shortfall {
  reason: string;
  message: string;
  /** Nothing is known to be wrong, but nothing is proven either. */
  unproven?: boolean;
}

/** Swap safety: the proxy's own process trusts the new root. */
export function trustsNewRoot(proxy: ProxyObservation, target: Target): Shortfall | undefined {
  if (!proxy.anchors) return anchorsUnknown(proxy);
  const { identityAnchors } = proxy;
  if (identityAnchors && !identityAnchors.includes(target.root)) {
    return { reason: 'NewRootNotTrusted', message: 'its identity process was started without the new root' };
  }
  if (proxy.component === 'identity' && !identityAnchors && !proxy.mark?.startsWith(`${target.rotation}-`)) {
    // Its proxy's environment does not show what the identity process next to it loaded at its own start.
    return { reason: 'IdentityStartedEarlier', message: 'it may have been started before the bundle had the new root' };
  }
  if (proxy.anchors.includes(target.root)) return undefined;
  return { reason: 'NewRootNotTrusted', message: 'its process was started without the new root' };
}

/** Prune safety: the leaf it presents needs nothing but the new root. */
export function presentsNewLeaf(proxy: ProxyObservation, target: Target): Shortfall | undefined {
  if (!proxy.leaf) return unproven('LeafUnknown', 'the certificate it presents could not be read', proxy);
  if (proxy.leaf.verifiesWith.includes(target.root)) return undefined;
  return { reason: 'LeafUnderOldRoot', message: 'it presents a certificate that the new root alone does not verify' };
}

/** The end: the old root is gone from the process, and the leaf still verifies. */
export function forgotOldRoot(proxy: ProxyObservation, target: Target): Shortfall | undefined {
  if (!proxy.anchors) return anchorsUnknown(proxy);
  if ([...proxy.anchors, ...(proxy.identityAnchors ?? [])].some((anchor) => target.retire.includes(anchor))) {
    return { reason: 'OldRootStillTrusted', message: 'its process still trusts the old root' };
  }
  return presentsNewLeaf(proxy, target);
}

/**
 * Bridge: identity will take an issuer whose first certificate is under the new root. Only where its anchors stand in its
 * own template (Linkerd 2.9, 2.10): elsewhere a replica that starts reads the bundle as it is then.
 */
export function identityTrustsNewRoot({ identityAnchors }: ProxyObservation, target: Target): Shortfall | undefined {
  if (!identityAnchors || identityAnchors.includes(target.root)) return undefined;
  return { reason: 'NewRootNotTrusted', message: 'its identity process was started without the new root' };
}

/** Bridge: whoever trusts only the old root and whoever trusts only the new one, both can verify its leaf. */
export function presentsBothChains(proxy: ProxyObservation, target: Target): Shortfall | undefined {
  if (!proxy.leaf) return unproven('LeafUnknown', 'the certificate it presents could not be read', proxy);
  const { verifiesWith } = proxy.leaf;
  if (![target.root, ...target.retire].some((root) => !verifiesWith.includes(root))) return undefined;
  const missing = verifiesWith.includes(target.root) ? 'old' : 'new';
  return { reason: 'OneChainOnly', message: `the chain it presents does not verify with the ${missing} root` };
}

/** The old issuer key is needed by nobody: neither of its certificates is presented, and the leaf is under the new root. */
export function leftOldIssuer(proxy: ProxyObservation, target: Target): Shortfall | undefined {
  if (proxy.leaf?.chain.some((certificate) => target.oldIssuers.includes(certificate))) {
    return { reason: 'LeafUnderOldIssuer', message: 'it presents a certificate that the old issuer key signed' };
  }
  return presentsNewLeaf(proxy, target);
}

function all(...requirements: Requirement[]): Requirement {
  return (proxy, target) => {
    for (const requirement of requirements) {
      const shortfall = requirement(proxy, target);
      if (shortfall) return shortfall;
    }
    return undefined;
  };
}

const LEAF = { anchors: false, leaf: true };
const BOTH = { anchors: true, leaf: true };

/** Of each goal: what a proxy must show, and which evidence that reads, so that nothing is probed in vain. */
export const GOALS: Record<Goal, { requirement: Requirement; evidence: { anchors: boolean; leaf: boolean } }> = {
  trustsNewRoot: { requirement: trustsNewRoot, evidence: { anchors: true, leaf: false } },
  identityTrustsNewRoot: { requirement: identityTrustsNewRoot, evidence: { anchors: false, leaf: false } },
  presentsNewLeaf: { requirement: presentsNewLeaf, evidence: LEAF },
  presentsNewAndTrusts: { requirement: all(presentsNewLeaf, trustsNewRoot), evidence: BOTH },
  presentsBothChains: { requirement: presentsBothChains, evidence: LEAF },
  presentsBothAndTrusts: { requirement: all(presentsBothChains, trustsNewRoot), evidence: BOTH },
  forgotOldRoot: { requirement: forgotOldRoot, evidence: BOTH },
  forgotOldRootAndIssuer: { requirement: all(forgotOldRoot, leftOldIssuer), evidence: BOTH },
  leftOldIssuer: { requirement: leftOldIssuer, evidence: LEAF },
};

/** The gate of a phase: one finding for each live proxy that falls short and is not waived. Empty: passed. */
export function proxyGate(
  proxies: readonly ProxyObservation[],
  target: Target,
  requirement: Requirement,
  waivers: readonly Waiver[],
): Finding[] {
  const findings: Finding[] = [];
  for (const proxy of proxies) {
    const shortfall = requirement(proxy, target);
    if (!shortfall) continue;
    if (shortfall.unproven && proxy.terminating) continue; // its listener is closed already: it talks to nobody
    const workload = workloadName(proxy.workload);
    if (isWaived({ kind: 'workload', name: workload }, waivers)) continue;
    const name = `${proxy.namespace}/Pod/${proxy.pod}`;
    if (isWaived({ kind: 'pod', name }, waivers)) continue;
    findings.push({
      reason: shortfall.reason,
      severity: 'block',
      message: `${shortfall.message} (${workload})`,
      subject: { kind: 'pod', name },
    });
  }
  return findings;
}

/** Either the process has to be restarted to know its anchors, or it has to be asked again. */
function anchorsUnknown(proxy: ProxyObservation): Shortfall {
  if (!proxy.startedBeforeBundle) return unproven('AnchorsUnknown', 'its anchors could not be read', proxy);
  return { reason: 'StartedBeforeBundle', message: 'it was started before the last change of the bundle' };
}

function unproven(reason: string, message: string, proxy: ProxyObservation): Shortfall {
  return { reason, message: proxy.problem ? `${message}: ${proxy.problem}` : message, unproven: true };
}
