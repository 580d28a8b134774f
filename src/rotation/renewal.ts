import type { Finding, Waiver } from './findings.js';
import { isProxyWaived, podSubject, type Requirement } from './gates.js';
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
/** What clocks may differ, and a Secret may take to reach identity, as a part of the leaf's life. */
const TOLERANCE = 0.1;
const MOST_TOLERANCE_MS = 120_000;

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
  /** Proxies that have missed their own time, or have renewed in vain. */
  late: Finding[];
}

/** What a wait for renewals asks of each proxy. */
export interface RenewalGate {
  target: Target;
  requirement: Requirement;
  waivers: readonly Waiver[];
  /** ISO 8601: when the wait began. The issuer had been written, so a leaf that is newer has to fit. */
  since?: string;
}

export function renewalState(proxies: readonly ProxyObservation[], gate: RenewalGate, now: Date): RenewalState {
  const waiting = stillShort(proxies, gate);
  const dues = waiting.flatMap(({ leaf }) => (leaf ? [renewalDue(leaf).getTime()] : []));
  return {
    proxies: proxies.length,
    proven: proxies.length - waiting.length,
    ...(dues.length > 0 ? { lastDue: new Date(Math.max(...dues)).toISOString() } : {}),
    late: waiting.flatMap((proxy) => lateFinding(proxy, gate, now) ?? []),
  };
}

/** The proxies that are waited for: they do not meet the requirement yet, and nobody has waived them. */
export function stillShort(
  proxies: readonly ProxyObservation[],
  { target, requirement, waivers }: Pick<RenewalGate, 'target' | 'requirement' | 'waivers'>,
): ProxyObservation[] {
  return proxies.filter((proxy) => requirement(proxy, target) && !isExcused(proxy, waivers));
}

/** It still has the leaf from before the change, and the time to renew it has passed. */
export function isLate(proxy: ProxyObservation, now: Date): boolean {
  return proxy.leaf !== undefined && !isLeaving(proxy, now) && now > renewalLate(proxy.leaf);
}

/** Its pod has been deleted and has not used up its grace. */
function isLeaving({ terminating, deletedAt }: ProxyObservation, now: Date): boolean {
  return terminating && (deletedAt === undefined || now.getTime() <= Date.parse(deletedAt));
}

/**
 * It has renewed since the wait began, and what it got does not fit: it will renew like that for ever. The moment is read
 * by identity's clock, the beginning by another, and a kubelet brings a Secret to a replica within two minutes.
 * @param since ISO 8601
 */
export function hasRenewedInVain({ leaf, terminating }: ProxyObservation, since: string | undefined): boolean {
  if (!leaf || terminating || since === undefined) return false;
  const issued = issuedAt(leaf);
  const tolerance = Math.min(MOST_TOLERANCE_MS, TOLERANCE * (Date.parse(leaf.notAfter) - issued));
  return issued > Date.parse(since) + tolerance;
}

/** Waived, or on its way out with its listener closed already: it talks to nobody. */
function isExcused(proxy: ProxyObservation, waivers: readonly Waiver[]): boolean {
  return (proxy.terminating && !proxy.leaf) || isProxyWaived(proxy, waivers);
}

function lateFinding(proxy: ProxyObservation, { target, requirement, since }: RenewalGate, now: Date) {
  if (isLate(proxy, now)) return renewalMissed(proxy);
  return hasRenewedInVain(proxy, since) ? renewedInVain(proxy, requirement(proxy, target)?.message) : undefined;
}

function renewalMissed(proxy: ProxyObservation): Finding {
  const { workload, leaf } = proxy;
  return {
    reason: 'RenewalMissed',
    severity: 'block',
    message: `it should have renewed its leaf at ${leaf ? renewalDue(leaf).toISOString() : '?'} and has not; the leaf expires at ${leaf?.notAfter} (${workloadName(workload)})`,
    subject: podSubject(proxy),
    hint: 'look at its proxy log and at identity; `retry` rolls the workloads of the late proxies and no others',
  };
}

function renewedInVain(proxy: ProxyObservation, shortfall = 'it does not meet the gate'): Finding {
  const { workload, leaf } = proxy;
  return {
    reason: 'RenewedWithoutTarget',
    severity: 'block',
    message: `it got a new leaf at ${leaf ? new Date(issuedAt(leaf)).toISOString() : '?'}, after the issuer was written: ${shortfall} (${workloadName(workload)})`,
    subject: podSubject(proxy),
    hint: 'a replica of identity hands out another issuer: look at the identity pods and at Secret linkerd-identity-issuer, restart the replica that lags; then `retry` rolls the workloads of these proxies and no others',
  };
}
