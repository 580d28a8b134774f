import type { Finding, Waiver } from './findings.js';
import { isProxyWaived, podSubject, type Requirement } from './gates.js';
import { isSigned, type LeafObservation, type ProxyObservation, type Target, workloadName } from '../ground/mesh.js';

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
/** How much longer than the mesh's leaves one may last and still be identity's: its clock skew allowance may be set as well. */
const MOST_LIVES = 2;

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
  return new Date(due + Math.min(graceOf(expiry - issuedAt(leaf)), (expiry - due) / 2));
}

function graceOf(lifeMs: number): number {
  return Math.max(LEAST_GRACE_MS, GRACE * lifeMs);
}

/** Milliseconds that a proxy keeps one leaf: what a wait for renewals lasts at the longest. */
export function longestWait(leafLifeMs: number): number {
  return Math.min(RENEWED_AT * leafLifeMs, MAX_REFRESH_MS);
}

/** The clock of a wait, which goes on whatever proxies present. */
export interface RenewalClock {
  /** ISO 8601: when the wait began. The issuer had been written, so a leaf that is newer has to fit. */
  since?: string;
  /** Milliseconds that the leaves of this mesh last. */
  leafLifeMs: number;
}

/**
 * The times in a leaf are believed where an issuer of the mesh has signed them, and where they are what this mesh hands out.
 * What anybody may have written into a certificate of his own decides nothing.
 */
export function isBelieved(leaf: LeafObservation, { leafLifeMs }: RenewalClock): boolean {
  return isSigned(leaf) && Date.parse(leaf.notAfter) - issuedAt(leaf) <= MOST_LIVES * leafLifeMs;
}

/** When the proxy that presents it is going to have another: by its times, or when every proxy has since the wait began. */
export function expectedAt(leaf: LeafObservation, clock: RenewalClock): number {
  if (isBelieved(leaf, clock)) return renewalDue(leaf).getTime();
  return Date.parse(clock.since ?? '') + longestWait(clock.leafLifeMs);
}

/** When it is a case for a person; NaN where nothing is known of either. */
function lateFrom(leaf: LeafObservation, clock: RenewalClock): number {
  if (isBelieved(leaf, clock)) return renewalLate(leaf).getTime();
  return expectedAt(leaf, clock) + graceOf(clock.leafLifeMs);
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
export interface RenewalGate extends RenewalClock {
  target: Target;
  requirement: Requirement;
  waivers: readonly Waiver[];
}

export function renewalState(proxies: readonly ProxyObservation[], gate: RenewalGate, now: Date): RenewalState {
  const waiting = stillShort(proxies, gate);
  const dues = waiting
    .flatMap(({ leaf }) => (leaf ? [expectedAt(leaf, gate)] : []))
    .filter((due) => !Number.isNaN(due));
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
export function isLate(proxy: ProxyObservation, clock: RenewalClock, now: Date): boolean {
  return proxy.leaf !== undefined && !isLeaving(proxy, now) && now.getTime() > lateFrom(proxy.leaf, clock);
}

/** Its pod has been deleted and has not used up its grace. */
function isLeaving({ terminating, deletedAt }: ProxyObservation, now: Date): boolean {
  return terminating && (deletedAt === undefined || now.getTime() <= Date.parse(deletedAt));
}

/**
 * It has renewed since the wait began, and what it got does not fit: it will renew like that for ever. The moment is read
 * by identity's clock, the beginning by another, and a kubelet brings a Secret to a replica within two minutes.
 */
export function hasRenewedInVain({ leaf, terminating }: ProxyObservation, clock: RenewalClock): boolean {
  const { since } = clock;
  if (!leaf || terminating || since === undefined || !isBelieved(leaf, clock)) return false;
  const issued = issuedAt(leaf);
  const tolerance = Math.min(MOST_TOLERANCE_MS, TOLERANCE * (Date.parse(leaf.notAfter) - issued));
  return issued > Date.parse(since) + tolerance;
}

/** Waived, or on its way out with its listener closed already: it talks to nobody. */
function isExcused(proxy: ProxyObservation, waivers: readonly Waiver[]): boolean {
  return (proxy.terminating && !proxy.leaf) || isProxyWaived(proxy, waivers);
}

function lateFinding(proxy: ProxyObservation, gate: RenewalGate, now: Date): Finding | undefined {
  const { target, requirement } = gate;
  if (isLate(proxy, gate, now)) return renewalMissed(proxy, gate);
  return hasRenewedInVain(proxy, gate) ? renewedInVain(proxy, requirement(proxy, target)?.message) : undefined;
}

function renewalMissed(proxy: ProxyObservation, clock: RenewalClock): Finding {
  return {
    reason: 'RenewalMissed',
    severity: 'block',
    message: `${missed(proxy, clock)} (${workloadName(proxy.workload)})`,
    subject: podSubject(proxy),
    hint: 'look at its proxy log and at identity; `retry` rolls the workloads of the late proxies and no others',
  };
}

function missed({ leaf }: ProxyObservation, clock: RenewalClock): string {
  if (!leaf) return 'it has not renewed its leaf';
  const due = new Date(expectedAt(leaf, clock)).toISOString();
  if (isBelieved(leaf, clock))
    return `it should have renewed its leaf at ${due} and has not; the leaf expires at ${leaf.notAfter}`;
  const why = isSigned(leaf) ? 'lasts longer than those of this mesh' : 'is under no root of this rotation';
  return `it should have renewed its leaf by ${due}, as every proxy since ${clock.since}, and has not; the one that it presents ${why}`;
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
