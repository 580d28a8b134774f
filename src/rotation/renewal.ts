import type { Finding, Waiver } from './findings.js';
import { isProxyWaived, podName, type Requirement } from './gates.js';
import { type LeafObservation, type ProxyObservation, type Target, workloadName } from '../ground/mesh.js';

/**
 * When proxies renew their leaves by themselves: at 70 % of what remains when they get one, at the soonest after 10 s, at
 * the latest after 24 h (linkerd2-proxy linkerd/proxy/identity-client/src/certify.rs; the same since 2.7).
 */
const RENEWED_AT = 0.7;
const MAX_REFRESH_MS = 24 * 3_600_000;
/** identity dates leaves back by its clock skew allowance (charts: 20 s). */
const BACKDATED_MS = 20_000;
/** What a renewal may take beyond its time, as a part of the leaf's life, before somebody is told. */
const GRACE = 0.05;
const LEAST_GRACE_MS = 5000;

type Validity = Pick<LeafObservation, 'notBefore' | 'notAfter'>;

/** When the proxy with this leaf is going to ask for another. */
export function renewalDue({ notBefore, notAfter }: Validity): Date {
  const issued = issuedAt({ notBefore, notAfter });
  return new Date(issued + Math.min(RENEWED_AT * (Date.parse(notAfter) - issued), MAX_REFRESH_MS));
}

/** When a leaf that has not been renewed is a case for a person: well before it expires. */
export function renewalLate(leaf: Validity): Date {
  const due = renewalDue(leaf).getTime();
  const expiry = Date.parse(leaf.notAfter);
  const grace = Math.max(LEAST_GRACE_MS, GRACE * (expiry - issuedAt(leaf)));
  return new Date(due + Math.min(grace, (expiry - due) / 2));
}

/** Milliseconds that a proxy keeps one leaf: what a wait for renewals lasts at the longest. */
export function longestWait(leafLifeMs: number): number {
  return Math.min(RENEWED_AT * leafLifeMs, MAX_REFRESH_MS);
}

function issuedAt({ notBefore, notAfter }: Validity): number {
  const [from, to] = [Date.parse(notBefore), Date.parse(notAfter)];
  return Math.min(from + BACKDATED_MS, to);
}

/** How far the proxies' own renewal has come. */
export interface RenewalState {
  proxies: number;
  proven: number;
  /** ISO 8601: when the last proxy that is still waited for must have renewed. */
  lastDue?: string;
  /** Proxies that have missed their own time. */
  late: Finding[];
}

/** What a wait for renewals asks of each proxy. */
export interface RenewalGate {
  target: Target;
  requirement: Requirement;
  waivers: readonly Waiver[];
}

export function renewalState(
  proxies: readonly ProxyObservation[],
  { target, requirement, waivers }: RenewalGate,
  now: Date,
): RenewalState {
  const waiting = proxies.filter((proxy) => requirement(proxy, target) && !isExcused(proxy, waivers));
  const dues = waiting.flatMap(({ leaf }) => (leaf ? [renewalDue(leaf).getTime()] : []));
  return {
    proxies: proxies.length,
    proven: proxies.length - waiting.length,
    ...(dues.length > 0 ? { lastDue: new Date(Math.max(...dues)).toISOString() } : {}),
    late: waiting.filter((proxy) => isLate(proxy, now)).map(lateFinding),
  };
}

/** It still has the leaf from before the change, and the time to renew it has passed. */
export function isLate({ leaf, terminating }: ProxyObservation, now: Date): boolean {
  return leaf !== undefined && !terminating && now > renewalLate(leaf);
}

/** Waived, or on its way out with its listener closed already: it talks to nobody. */
function isExcused(proxy: ProxyObservation, waivers: readonly Waiver[]): boolean {
  return (proxy.terminating && !proxy.leaf) || isProxyWaived(proxy, waivers);
}

function lateFinding(proxy: ProxyObservation): Finding {
  const { workload, leaf } = proxy;
  return {
    reason: 'RenewalMissed',
    severity: 'block',
    message: `it should have renewed its leaf at ${leaf ? renewalDue(leaf).toISOString() : '?'} and has not; the leaf expires at ${leaf?.notAfter} (${workloadName(workload)})`,
    subject: { kind: 'pod', name: podName(proxy) },
    hint: 'look at its proxy log and at identity; `retry` rolls the workloads of the late proxies and no others',
  };
}
