import type { Fingerprint } from '../ground/mesh.js';
import { formatDuration } from '../ground/duration.js';
import type { OwnerKind, Owned } from './owners.js';
import type { CertificateFacts } from './payloads.js';
import type { Alert } from './status.js';
import { dueNow, type Due, isEndedFor, type Remembered, type RenewalLook, seenIn, seenText } from './watch.js';

/** What is done about a root and an issuer that expire, and that nobody renews by itself: decided from what one look has seen. */

/** What a look has seen beside the root itself, where the watch is to act before it expires. */
export interface Expiry {
  /** The first certificate in the issuer Secret; `notAfter` is that of whichever in the Secret ends first. */
  issuer: CertificateFacts;
  /** ISO 8601: when cert-manager renews the issuer; absent where it does not, or does not say when. */
  issuerRenewalTime?: string;
  /** Of a rotation under way, or of one that was interrupted. */
  bridge?: CertificateFacts;
  /** Who writes what. */
  owners: Record<Owned, OwnerKind>;
  /** The key of the root in use is at hand: an issuer can be signed with it. */
  hasRootKey: boolean;
  /** Milliseconds that a rotation needs the old certificates, as predicted for this mesh. */
  lastsMs: number;
  /** Proxies that do not trust what the bundle has: they lack an anchor of it, or hold another one. Absent while a rotation has the cluster. */
  stale?: { namespace: string; proxies: number }[];
  /** The last rotation of the root was aborted: which root has stayed, and when (ISO 8601). */
  aborted?: { root: Fingerprint; at: string };
}

/** Milliseconds before its end that each is replaced. */
export interface Ahead {
  before: number;
  issuerBefore: number;
}

/** What a watch starts a rotation for. */
export interface Job {
  /** `renewed`: the root of cert-manager's Certificate, which is in its Secret already. Else what expires. */
  what: 'renewed' | 'root' | 'issuer';
  /** Of the certificate that it is about; for one no second rotation is started unasked. */
  fingerprint: Fingerprint;
  /** What was seen, in a sentence. */
  why: string;
}

export type Decision = { due: 'nothing' } | { due: Exclude<Due, 'nothing'>; job: Job };

/** A rotation has to be through in half of the time that is left (preflight/deadline.ts). */
const SPARE = 2;
/** What cert-manager has not renewed by so long after its own time is late. */
const PATIENCE_MS = 600_000;

/** When a certificate is to be replaced, in milliseconds since 1970: so long before its end, and never before half of its life is over. */
export function dueAt(
  { notBefore, notAfter }: Pick<CertificateFacts, 'notBefore' | 'notAfter'>,
  before: number,
): number {
  const [from, end] = [Date.parse(notBefore), Date.parse(notAfter)];
  return Math.max(end - before, from + (end - from) / 2);
}

/** Of several roots in use, one that lasts is enough: that which ends last. */
export function lastingRoot({ inUse }: Pick<RenewalLook, 'inUse'>): CertificateFacts | undefined {
  return inUse.toSorted((one, other) => Date.parse(other.notAfter) - Date.parse(one.notAfter))[0];
}

/** What is due, and about which certificate; a root that cert-manager renews by itself is replaced when it has done so, and not before. */
export function decide(look: RenewalLook, ahead: Ahead | undefined, remembered: Remembered): Decision {
  const due = dueNow(look, remembered);
  if (due !== 'nothing')
    return { due, job: { what: 'renewed', fingerprint: look.root?.fingerprint ?? '', why: seenText(look) } };
  const job = ahead && endingNow(look, ahead);
  if (!job || !ahead) return { due };
  if (remembered.approved === job.fingerprint) return { due: 'start', job };
  const isOver = isEndedFor(job.fingerprint, look, remembered) || isAborted(job, look, ahead);
  return { due: isOver ? 'tell' : 'start', job };
}

/** The root first: its rotation replaces the issuer, too. */
function endingNow(look: RenewalLook, { before, issuerBefore }: Ahead): Job | undefined {
  const { expiry } = look;
  const seen = seenIn(look);
  const root = lastingRoot(look);
  if (!expiry || !root || (seen !== 'lasting' && seen !== 'inStep')) return undefined;
  if (seen === 'lasting' && isDue(root, before, look)) return jobOf('root', root, look);
  const { issuer, owners, hasRootKey } = expiry;
  const isOurs = owners.issuer === 'reroot' && hasRootKey;
  return isOurs && isDue(issuer, issuerBefore, look) ? jobOf('issuer', issuer, look) : undefined;
}

function isDue(certificate: CertificateFacts, before: number, { at }: Pick<RenewalLook, 'at'>): boolean {
  return dueAt(certificate, before) <= Date.parse(at);
}

function jobOf(what: 'root' | 'issuer', certificate: CertificateFacts, look: RenewalLook): Job {
  return { what, fingerprint: certificate.fingerprint, why: `the ${what} in use, ${endText(certificate, look)}` };
}

/** Somebody has said no when it was due already; what was aborted long before is another matter. */
function isAborted({ what, fingerprint }: Job, { expiry, inUse }: RenewalLook, { before }: Ahead): boolean {
  const { aborted } = expiry ?? {};
  const root = inUse.find((one) => one.fingerprint === fingerprint);
  if (what !== 'root' || !aborted || !root) return false;
  return inUse.some((one) => one.fingerprint === aborted.root) && Date.parse(aborted.at) >= dueAt(root, before);
}

/** `68573c63c275 (root.linkerd.cluster.local), expires at 2027-01-01T00:00:00Z, in 29d23h`. */
export function endText(
  { fingerprint, commonName, notAfter }: CertificateFacts,
  { at }: Pick<RenewalLook, 'at'>,
): string {
  const left = Date.parse(notAfter) - Date.parse(at);
  const when = left > 0 ? `expires at ${notAfter}, in ${formatDuration(left)}` : `has expired at ${notAfter}`;
  return `${fingerprint.slice(0, 12)} (${commonName}), ${when}`;
}

/** The reasons of all alerts about what expires. */
export const ALERTS_OF_EXPIRY = [
  'RootExpired',
  'TrustAnchorExpiring',
  'RotationTooLate',
  'WatchTooLate',
  'IssuerExpired',
  'IssuerEnding',
  'BridgeEnding',
  'StaleProxies',
] as const;

type Told = Omit<Alert, 'since'>;

/** What a person has to hear of what expires, whoever sees to it. */
export function expiryAlertsOf(look: RenewalLook, ahead: Ahead | undefined): Told[] {
  const { expiry } = look;
  const root = lastingRoot(look);
  if (!expiry || !root || !ahead) return [];
  return [
    ...rootAlerts(root, look, { ahead, lastsMs: expiry.lastsMs }),
    ...issuerAlerts(expiry, look, ahead),
    ...bridgeAlerts(expiry, look),
    ...staleAlerts(expiry),
  ];
}

function rootAlerts(
  root: CertificateFacts,
  look: RenewalLook,
  { ahead: { before }, lastsMs }: { ahead: Ahead; lastsMs: number },
): Told[] {
  const at = Date.parse(look.at);
  const end = Date.parse(root.notAfter);
  const message = `the root in use, ${endText(root, look)}`;
  if (end <= at) return [{ reason: 'RootExpired', message: `${message}: identity issues nothing. ${whoText(look)}` }];
  if (renewsLater(look.renewalTime, at)) return [];
  const needed = SPARE * lastsMs;
  if (!isDue(root, before, look))
    return end - dueAt(root, before) < needed ? [tooLateToStart(root, before, lastsMs)] : [];
  const expiring = { reason: 'TrustAnchorExpiring', message: `${message}. ${whoText(look)}` };
  if (look.rotating !== undefined || end - at >= needed) return [expiring];
  const late = `${message}: a rotation may need ${formatDuration(lastsMs)} before the old root can go, and is only begun with twice as much. Strategy standard is the quickest: \`reroot preflight --strategy standard\` says whether it is in time; once the root has expired, bridge repairs it`;
  return [expiring, { reason: 'RotationTooLate', message: `${late}.` }];
}

function tooLateToStart(root: CertificateFacts, before: number, lastsMs: number): Told {
  const started = formatDuration(Date.parse(root.notAfter) - dueAt(root, before));
  return {
    reason: 'WatchTooLate',
    message:
      `the watch would start ${started} before the root expires, and a rotation may need ${formatDuration(lastsMs)}, of which ` +
      `preflight wants twice as much: say \`before: ${formatDuration(3 * lastsMs)}\` or more.`,
  };
}

/** Who sees to a root that expires. */
function whoText(look: RenewalLook): string {
  if (look.rotating !== undefined) return `A rotation has this cluster: ${look.rotating}.`;
  if (look.leftBehind) return 'A rotation was interrupted: `reroot rotate` goes on with it.';
  if (look.certificate !== undefined)
    return `cert-manager should have renewed it: look at Certificate ${look.certificate}.`;
  return 'The watch starts a rotation, or waits for a word to.';
}

function renewsLater(renewalTime: string | undefined, at: number): boolean {
  return renewalTime !== undefined && Date.parse(renewalTime) > at;
}

function issuerAlerts(expiry: Expiry, look: RenewalLook, { issuerBefore }: Ahead): Told[] {
  const { issuer, owners } = expiry;
  const deadline = issuer.notAfter;
  const message = `the issuer in use, ${endText(issuer, look)}`;
  if (Date.parse(issuer.notAfter) <= Date.parse(look.at))
    return [
      { reason: 'IssuerExpired', message: `${message}: identity issues nothing, and leaves have ended with it.` },
    ];
  const isLate = owners.issuer === 'certManager' ? isRenewalLate(expiry, look) : isDue(issuer, issuerBefore, look);
  return isLate ? [{ reason: 'IssuerEnding', message: `${message}. ${issuerText(expiry, look)}`, deadline }] : [];
}

/** cert-manager has let its own time go by; where that is not known, nine tenths of the issuer's life. */
function isRenewalLate({ issuer, issuerRenewalTime }: Expiry, { at }: RenewalLook): boolean {
  if (issuerRenewalTime !== undefined) return Date.parse(issuerRenewalTime) + PATIENCE_MS <= Date.parse(at);
  const life = Date.parse(issuer.notAfter) - Date.parse(issuer.notBefore);
  return Date.parse(issuer.notAfter) - Date.parse(at) <= life / 10;
}

function issuerText({ owners, hasRootKey }: Expiry, { rotating }: RenewalLook): string {
  if (rotating !== undefined) return `A rotation has this cluster: ${rotating}.`;
  if (owners.issuer === 'certManager') return 'cert-manager should have renewed it: look at its Certificate.';
  if (owners.issuer === 'handOff') return 'Somebody else writes it: `reroot rotate-issuer` shows what has to be there.';
  return hasRootKey
    ? 'The watch replaces it, or waits for a word to.'
    : "The root's key is not at hand, so the watch cannot: `reroot rotate-issuer --certificates`, or `reroot rotate`, which makes both.";
}

/** While a rotation goes on, it says this itself. */
function bridgeAlerts({ bridge }: Expiry, look: RenewalLook): Told[] {
  if (!bridge || !look.leftBehind || dueAt(bridge, Infinity) > Date.parse(look.at)) return [];
  const message = `the bridge certificate of a rotation that was interrupted, ${endText(bridge, look)}. \`reroot rotate\` goes on with it.`;
  return [{ reason: 'BridgeEnding', message, deadline: bridge.notAfter }];
}

/** Namespaces that a message names. */
const NAMED = 10;

function staleAlerts({ stale = [] }: Expiry): Told[] {
  if (stale.length === 0) return [];
  const total = stale.reduce((sum, { proxies }) => sum + proxies, 0);
  const named = stale.slice(0, NAMED).map(({ namespace, proxies }) => `${namespace} (${proxies})`);
  const more = stale.length > NAMED ? ` and ${stale.length - NAMED} namespaces more` : '';
  return [
    {
      reason: 'StaleProxies',
      message: `${total} proxies do not trust what the bundle has, and no rotation is under way: ${named.join(', ')}${more}. Restart them (\`kubectl rollout restart\`).`,
    },
  ];
}
