import { type ProxyObservation, rootName, type Target, workloadName } from '../ground/mesh.js';
import type { Finding, Subject, Waiver } from './findings.js';
import { isWaived } from './findings.js';

/**
 * What one proxy must show before a phase may be left: nothing, or the reason it does not. A requirement reads the running
 * process and the chain it presents, never specs (docs/decisions, "Evidence is read from running processes").
 */
export type Requirement = (proxy: ProxyObservation, target: Target) => Shortfall | undefined;

export interface Shortfall {
  reason: string;
  message: string;
  /** Nothing is known to be wrong, but nothing is proven either. */
  unproven?: boolean;
}

/** Swap safety: the proxy's own process trusts the target. */
export function trustsTarget(proxy: ProxyObservation, target: Target): Shortfall | undefined {
  if (!proxy.anchors) return anchorsUnknown(proxy);
  const { identityAnchors } = proxy;
  if (identityAnchors && !identityAnchors.includes(target.root.fingerprint)) return identityLacks(target);
  if (
    proxy.component === 'identity' &&
    !proxy.unstarted &&
    !identityAnchors &&
    !proxy.mark?.startsWith(`${target.id}-`)
  ) {
    // Its proxy's environment does not show what the identity process next to it loaded at its own start.
    return {
      reason: 'IdentityStartedEarlier',
      message: `it may have been started before the bundle had ${rootName(target.root)}`,
    };
  }
  if (proxy.anchors.includes(target.root.fingerprint)) return undefined;
  return { reason: 'TargetNotTrusted', message: `its process was started without ${rootName(target.root)}` };
}

/** Prune safety: the leaf it presents needs nothing but the target. */
export function presentsTarget(proxy: ProxyObservation, target: Target): Shortfall | undefined {
  if (!proxy.leaf) return leafUnknown(proxy);
  if (proxy.leaf.verifiesWith.includes(target.root.fingerprint)) return undefined;
  return {
    reason: 'LeafNotUnderTarget',
    message: `it presents a certificate that does not verify with ${rootName(target.root)} alone`,
  };
}

/** What is retired is gone from the process. Whether it trusts anything else is another question. */
function holdsNothingRetired(proxy: ProxyObservation, target: Target): Shortfall | undefined {
  if (!proxy.anchors) return anchorsUnknown(proxy);
  const anchors = [...proxy.anchors, ...(proxy.identityAnchors ?? [])];
  const left = target.retired.find(({ fingerprint }) => anchors.includes(fingerprint));
  if (left) return { reason: 'RetiredRootStillTrusted', message: `its process still trusts ${rootName(left)}` };
  return undefined;
}

/**
 * The end: what is retired is gone from the process, which trusts the target, and the leaf verifies with that alone. Each is
 * asked: a process may have been started under an earlier certificate of the retired root's key, and hold neither.
 */
export function forgotRetired(proxy: ProxyObservation, target: Target): Shortfall | undefined {
  return all(holdsNothingRetired, trustsTarget, presentsTarget)(proxy, target);
}

/**
 * Bridge: identity will take an issuer whose first certificate is under the target. Only where its anchors stand in its own
 * template (Linkerd 2.9, 2.10): elsewhere a replica that starts reads the bundle as it is then.
 */
export function identityTrustsTarget({ identityAnchors }: ProxyObservation, target: Target): Shortfall | undefined {
  if (!identityAnchors || identityAnchors.includes(target.root.fingerprint)) return undefined;
  return identityLacks(target);
}

/** Bridge: whoever trusts only the target and whoever trusts only what is retired, both can verify its leaf. */
export function presentsBothChains(proxy: ProxyObservation, target: Target): Shortfall | undefined {
  const { leaf } = proxy;
  if (!leaf) return leafUnknown(proxy);
  const missing = [target.root, ...target.retired].find(({ fingerprint }) => !leaf.verifiesWith.includes(fingerprint));
  if (!missing) return undefined;
  return { reason: 'OneChainOnly', message: `the chain it presents does not verify with ${rootName(missing)}` };
}

/** The retired issuer key is needed by nobody: no certificate of it is presented, and the leaf is under the target. */
export function leftRetiredIssuer(proxy: ProxyObservation, target: Target): Shortfall | undefined {
  if (proxy.leaf?.chain.some((certificate) => target.retiredIssuer.certificates.includes(certificate))) {
    return {
      reason: 'LeafUnderRetiredIssuer',
      message: `it presents a certificate that ${target.retiredIssuer.name} signed`,
    };
  }
  return presentsTarget(proxy, target);
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

/** Every gate: what a proxy must show, and which evidence that reads, so that nothing is probed in vain. */
export const GATES = {
  trustsTarget: { requirement: trustsTarget, evidence: { anchors: true, leaf: false } },
  identityTrustsTarget: { requirement: identityTrustsTarget, evidence: { anchors: false, leaf: false } },
  presentsTarget: { requirement: presentsTarget, evidence: LEAF },
  presentsAndTrustsTarget: { requirement: all(presentsTarget, trustsTarget), evidence: BOTH },
  presentsBothChains: { requirement: presentsBothChains, evidence: LEAF },
  forgotRetired: { requirement: forgotRetired, evidence: BOTH },
  forgotRetiredRootAndIssuer: { requirement: all(forgotRetired, leftRetiredIssuer), evidence: BOTH },
  leftRetiredIssuer: { requirement: leftRetiredIssuer, evidence: LEAF },
} satisfies Record<string, { requirement: Requirement; evidence: { anchors: boolean; leaf: boolean } }>;

export type Gate = keyof typeof GATES;

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
    if (!shortfall || isExcused(proxy, shortfall, waivers)) continue;
    findings.push({
      reason: shortfall.reason,
      severity: 'block',
      message: `${shortfall.message} (${workloadName(proxy.workload)})`,
      subject: podSubject(proxy),
    });
  }
  return findings;
}

/** A gate of identity alone says nothing where there is none. */
export function identityAbsent(): Finding {
  return {
    reason: 'IdentityAbsent',
    severity: 'block',
    message: 'linkerd-identity has no pod with a proxy: nobody hands out certificates',
    subject: { kind: 'cluster', name: 'linkerd-identity' },
    hint: 'scale Deployment linkerd-identity up, and look at why its pods are not there',
  };
}

/** Waived, or on its way out with its listener closed already: it talks to nobody. */
function isExcused(proxy: ProxyObservation, shortfall: Shortfall, waivers: readonly Waiver[]): boolean {
  if (shortfall.unproven && proxy.terminating) return true;
  return isProxyWaived(proxy, waivers);
}

type NamedProxy = Pick<ProxyObservation, 'namespace' | 'pod' | 'workload'>;

/** By a waiver of its workload, its namespace, or the pod itself. */
export function isProxyWaived(proxy: NamedProxy, waivers: readonly Waiver[]): boolean {
  return (
    isWaived({ kind: 'workload', name: workloadName(proxy.workload) }, waivers) ||
    isWaived({ kind: 'pod', name: podName(proxy) }, waivers)
  );
}

/** As findings and waivers name a pod: `namespace/Pod/name`. */
export function podName({ namespace, pod }: NamedProxy): string {
  return `${namespace}/Pod/${pod}`;
}

/** A pod as findings are about it. Its workload stands in a field of its own: a message may quote what others have written. */
export function podSubject(proxy: ProxyObservation): Subject {
  return { kind: 'pod', name: podName(proxy), workload: workloadName(proxy.workload) };
}

function identityLacks(target: Target): Shortfall {
  return {
    reason: 'TargetNotTrusted',
    message: `its identity process was started without ${rootName(target.root)}`,
  };
}

/** Either the process has to be restarted to know its anchors, or it has to be asked again. */
function anchorsUnknown(proxy: ProxyObservation): Shortfall | undefined {
  if (proxy.unstarted) return undefined; // it reads the bundle when it is started
  if (!proxy.startedBeforeBundle) return unproven('AnchorsUnknown', 'its anchors could not be read', proxy);
  return { reason: 'StartedBeforeBundle', message: 'it was started before the last change of the bundle' };
}

function leafUnknown(proxy: ProxyObservation): Shortfall | undefined {
  if (proxy.unstarted) return undefined; // it presents nothing to anybody yet
  return unproven('LeafUnknown', 'the certificate it presents could not be read', proxy);
}

function unproven(reason: string, message: string, proxy: ProxyObservation): Shortfall {
  return { reason, message: proxy.problem ? `${message}: ${proxy.problem}` : message, unproven: true };
}
