import type { Fingerprint } from '../ground/mesh.js';
import type { CertificateFacts } from './payloads.js';
import type { Expiry } from './watch-expiry.js';

/** What is done about a root that cert-manager renews by itself: decided from what one look has seen. */

/** What one look has seen: facts, and fingerprints of public certificates. */
export interface RenewalLook {
  /** ISO 8601, by the cluster's clock. */
  at: string;
  linkerdNamespace: string;
  /** uid of namespace `kube-system`. */
  clusterUid: string;
  /** Which Certificate writes the root, for people: `cert-manager/linkerd-trust-anchor`; absent: none does. */
  certificate?: string;
  /** ISO 8601: when cert-manager renews it. */
  renewalTime?: string;
  /** What is in the Secret of that Certificate; absent: nothing that can be read. */
  root?: CertificateFacts;
  /** The roots that the issuer in use is under. */
  inUse: CertificateFacts[];
  /** A root in use has the very key of another: the Certificate was renewed without a new one. */
  sameKey?: boolean;
  /** The Secret with the previous root; absent: the bundle is not made of two. */
  previous?: { secret: string; holds: Fingerprint[] };
  /** Proxies that do not trust `root`, where they had to be asked: the issuer is under it, and the slots say nothing. */
  untrusting?: { proxies: number; of: number };
  /** The root before `root` can certify it, so that those that trust the former alone verify an issuer under `root`. */
  certifiable?: boolean;
  /** Who has the cluster now; absent: nobody. */
  rotating?: string;
  /** A rotation was interrupted: its Secret holds what it has made. */
  leftBehind?: boolean;
  /** The last rotation that a watch has started, as long as Temporal knows it: for which root, and whether it has ended. */
  last?: { root: Fingerprint; ended: boolean };
  /** Where the watch is to act before what is in use expires. */
  expiry?: Expiry;
}

/**
 * - `noCertificate`: cert-manager makes no root here, so none renews itself.
 * - `lasting`: the same, where the watch is to act before the root expires.
 * - `unreadable`: the Secret of the root's Certificate has no certificate, or the issuer is under no root that is known.
 * - `rotating`, `leftBehind`: a rotation has the cluster, or was interrupted; nobody else touches it.
 * - `sameKey`: the root was renewed with the key it had. Nothing can be rotated to it.
 * - `renewed`: the root has renewed itself, and the mesh does not trust it yet.
 * - `inStep`: the root of the Certificate is the root in use.
 */
export type Seen =
  'noCertificate' | 'lasting' | 'unreadable' | 'rotating' | 'leftBehind' | 'sameKey' | 'renewed' | 'inStep';

export function seenIn(look: RenewalLook): Seen {
  const { certificate, root, rotating, leftBehind, inUse, sameKey, expiry } = look;
  if (certificate === undefined && !expiry) return 'noCertificate';
  if (rotating !== undefined) return 'rotating';
  if (leftBehind) return 'leftBehind';
  if (inUse.length === 0) return 'unreadable';
  if (certificate === undefined) return 'lasting';
  if (!root) return 'unreadable';
  if (sameKey) return 'sameKey';
  return isInUse(root, look) ? 'inStep' : 'renewed';
}

/** An issuer that was renewed after the root is under the new one, whoever trusts that: then the proxies tell. */
function isInUse(root: CertificateFacts, { inUse, untrusting }: RenewalLook): boolean {
  return inUse.some(({ fingerprint }) => fingerprint === root.fingerprint) && (untrusting?.proxies ?? 0) === 0;
}

/** The issuer is signed by the new root already: identity hands out leaves under it as soon as it is restarted. */
export function isIssuerRenewedToo({ root, inUse }: RenewalLook): boolean {
  return root !== undefined && inUse.some(({ fingerprint }) => fingerprint === root.fingerprint);
}

/**
 * Roots in use that the slot of the previous root lacks. Between rotations it has to hold them: a renewal takes the root in
 * use out of its own Secret, and what is in neither leaves the bundle, while every proxy still works with it.
 */
export function missingFromPrevious(look: RenewalLook): Fingerprint[] {
  const { inUse, previous } = look;
  const seen = seenIn(look);
  if (!previous || (seen !== 'inStep' && seen !== 'renewed') || (seen === 'renewed' && isIssuerRenewedToo(look)))
    return [];
  return inUse.map(({ fingerprint }) => fingerprint).filter((fingerprint) => !previous.holds.includes(fingerprint));
}

/** What a watch remembers of people and of what it has done. */
export interface Remembered {
  onRenewal: 'rotate' | 'ask';
  /** The root that a person has said the rotation to may begin. */
  approved?: Fingerprint | undefined;
  /** The root of the rotation that was started last, if that has ended. */
  ended?: Fingerprint | undefined;
  /** A root or an issuer for which a rotation has ended that nobody but the watch remembers. */
  told?: Fingerprint | undefined;
}

/** Whether a rotation for this certificate has ended. */
export function isEndedFor(fingerprint: Fingerprint, { last }: RenewalLook, { ended, told }: Remembered): boolean {
  return [ended, told, last?.ended ? last.root : undefined].includes(fingerprint);
}

/**
 * - `ask`: a person, before the rotation is started.
 * - `tell`: that a rotation for this root has ended and has not brought the mesh to it. No second is started unasked.
 * - `trustFirst`: that the issuer is under this root already, and nothing makes everybody verify it: a rotation refuses that.
 */
export type Due = 'nothing' | 'ask' | 'tell' | 'trustFirst' | 'start';

export function dueNow(look: RenewalLook, { onRenewal, approved, ended }: Remembered): Due {
  const { root } = look;
  if (seenIn(look) !== 'renewed' || !root) return 'nothing';
  if (isBeyondHelp(look)) return 'trustFirst';
  if (approved === root.fingerprint) return 'start';
  if (isEndedFor(root.fingerprint, look, { onRenewal, ended })) return 'tell';
  return onRenewal === 'ask' ? 'ask' : 'start';
}

function isBeyondHelp(look: RenewalLook): boolean {
  return isIssuerRenewedToo(look) && look.certifiable !== true;
}

/** What a person has to hear of, though nothing is asked of them. */
export function alertsOf(look: RenewalLook): { reason: string; message: string }[] {
  const message = `${seenText(look)}.`;
  switch (seenIn(look)) {
    case 'noCertificate':
      return [{ reason: 'NothingToWatch', message }];
    case 'unreadable':
      return [{ reason: 'WatchFailing', message }];
    case 'sameKey':
      return [
        {
          reason: 'RootKeyUnchanged',
          message: `${message} Set \`spec.privateKey.rotationPolicy: Always\`, renew it again (\`cmctl renew\`), and the watch goes on.`,
        },
      ];
    case 'leftBehind':
      return [{ reason: 'RotationLeftBehind', message }];
    default:
      return [];
  }
}

/** The reasons of all alerts that a look may raise. */
export const ALERTS_OF_LOOKS = ['NothingToWatch', 'WatchFailing', 'RootKeyUnchanged', 'RotationLeftBehind'] as const;

/** The slot of the previous root lacks the root in use, and the watch may not write it, or could not. */
export function previousRootMissing(look: RenewalLook, why: string): { reason: string; message: string } {
  const { previous, certificate } = look;
  const roots = missingFromPrevious(look).map((fingerprint) => fingerprint.slice(0, 12));
  return {
    reason: 'PreviousRootMissing',
    message:
      `Secret ${previous?.secret} lacks the root in use (${roots.join(', ')}): when Certificate ${certificate} renews, that ` +
      `leaves the bundle while every proxy works with it. ${why} Put it there, beside what it holds.`,
  };
}

/** cert-manager renews within seconds; Secrets and bundles follow. */
const AFTER_RENEWAL_MS = 5000;
/** Shorter than this no pause is: a renewal that is due may fail for hours. */
const SHORTEST_MS = 60_000;

/** Milliseconds until the next look: a renewal whose time is known is looked at right after it. */
export function nextLookIn({ at, renewalTime }: Pick<RenewalLook, 'at' | 'renewalTime'>, every: number): number {
  if (renewalTime === undefined) return every;
  const left = Date.parse(renewalTime) - Date.parse(at);
  if (Number.isNaN(left)) return every;
  return left <= 0 ? Math.min(every, SHORTEST_MS) : Math.min(every, left + AFTER_RENEWAL_MS);
}

/** What a person is told of what was seen. */
export function seenText(look: RenewalLook): string {
  return TEXTS[seenIn(look)](look);
}

const short = (certificates: readonly CertificateFacts[]) =>
  certificates.map(({ fingerprint, commonName }) => `${fingerprint.slice(0, 12)} (${commonName})`).join(', ');

const renewsText = ({ certificate, renewalTime }: RenewalLook) =>
  `Certificate ${certificate} renews ${renewalTime === undefined ? 'at a time that it does not say' : `at ${renewalTime}`}`;

const TEXTS: Record<Seen, (look: RenewalLook) => string> = {
  noCertificate: () =>
    'no Certificate of cert-manager writes the root of this mesh (or reroot may not list them: deploy/rbac/cert-manager.yaml): there is nothing that renews itself',
  lasting: (look) =>
    `${short(look.inUse)} is in use until ${look.inUse.map(({ notAfter }) => notAfter).join(', ')}, and the issuer until ` +
    `${look.expiry?.issuer.notAfter}; nothing renews the root by itself`,
  unreadable: (look) =>
    look.root || look.certificate === undefined
      ? 'the issuer in use is under no root that the bundle, the Secrets of its sources or the issuer Secret have: `reroot preflight` says more'
      : `the Secret of Certificate ${look.certificate} holds no certificate that can be read (or reroot may not read it)`,
  rotating: ({ rotating }) => `a rotation has this cluster: ${rotating}`,
  leftBehind: () => 'a rotation was interrupted: `reroot rotate` goes on with it',
  sameKey: (look) =>
    `Certificate ${look.certificate} has renewed the root with the key that it had (rotationPolicy: Never): root ` +
    `${look.root ? short([look.root]) : ''}. Proxies that start from now on trust it, all others the old one, until that ends`,
  renewed: (look) =>
    `Certificate ${look.certificate} has renewed the root by itself: root ${look.root ? short([look.root]) : ''} is in its ` +
    `Secret since ${look.root?.notBefore}, and ` +
    (isIssuerRenewedToo(look)
      ? `the issuer is under it already, while ${look.untrusting?.proxies} of ${look.untrusting?.of} proxies do not trust it`
      : `the mesh works under ${short(look.inUse)}`),
  inStep: (look) => `the root in use is ${look.root ? short([look.root]) : ''}; ${renewsText(look)}`,
};
