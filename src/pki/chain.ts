import { plain } from '../ground/plain.js';
import type { Certificate } from './certificate.js';
import { permits } from './name-constraints.js';
import { hasSigned, pairOf } from './signatures.js';

/** Why a chain does not verify; stable words. */
export type ChainFailure =
  | 'NoCertificate'
  | 'WrongName'
  | 'Expired'
  | 'NotYetValid'
  | 'Unsuitable'
  | 'UnknownAuthority'
  /** Nobody knows: to find out would cost more than an honest chain ever does. */
  | 'TooComplex';

export type ChainVerdict =
  | { ok: true; /** Leaf first, anchor last. */ path: Certificate[] }
  | { ok: false; reason: ChainFailure; message: string };

export interface ChainQuestion {
  /** As presented: leaf first, then intermediates in any order. */
  chain: readonly Certificate[];
  anchors: readonly Certificate[];
  at: Date;
  /** Proxies (webpki) take an anchor for its name and key; the identity process (Go) asks of it what it asks of any CA. */
  as: 'proxy' | 'identity';
  /** DNS name that the leaf must have, as that of a proxy: no CA. */
  name?: string;
}

/** Leaf first. */
type Path = [Certificate, ...Certificate[]];

/** Certificates that one presents: leaf, issuer, bridge certificate, and as many again that stand between issuer and root. */
export const MOST_PRESENTED = 8;
/** CA certificates that the issuer Secret may hold: a leaf is presented with all of them, and with a bridge certificate. */
export const MOST_STORED = MOST_PRESENTED - 2;
/** CA certificates on one path, as in webpki. */
const MOST_INTERMEDIATES = 6;
/**
 * Signatures that are checked for one question; Go and webpki stop at 100. A chain of four levels, each certified twice, takes
 * a dozen, and these cost 20 ms at most.
 */
const MOST_CHECKS = 24;

const LONGEST_NAME = 64;

/** `serverAuth` and `clientAuth`: a proxy is both. */
export const PURPOSES = ['1.3.6.1.5.5.7.3.1', '1.3.6.1.5.5.7.3.2'] as const;
export const ANY_PURPOSE = '2.5.29.37.0';

/** A question, and which signatures have been checked for it. */
interface Search extends ChainQuestion {
  checked: Set<string>;
  /** CA certificates that stand below the first of the path and are not asked about. */
  below: number;
}

/**
 * Whether a chain leads to an anchor, as Go and webpki decide it: by signatures, with names compared as DER bytes, and
 * trying every intermediate that fits. OpenSSL takes the first one and compares names loosely, so it is not asked.
 */
export function verifyChain(question: ChainQuestion): ChainVerdict {
  const { chain, at, name } = question;
  const [leaf] = chain;
  if (!leaf) return failed('NoCertificate', 'no certificate was presented');
  if (chain.length > MOST_PRESENTED) {
    return failed('TooComplex', `${chain.length} certificates were presented, more than ${MOST_PRESENTED}`);
  }
  if (name !== undefined && !leaf.dnsNames.includes(name)) {
    return failed('WrongName', `the certificate is for ${namesOf(leaf)}, not for ${plain(name)}`);
  }
  const unfit = outsideValidity(leaf, at) ?? unsuitable(leaf, name);
  if (unfit) return unfit;
  return answer(leaf, { ...question, checked: new Set(), below: 0 });
}

/**
 * Whether what an issuer signs leads to an anchor: what is asked of the chains of its leaves, as far as it can be known without one.
 * Identity itself looks at the issuer alone (`verifyChain`).
 */
export function verifyIssuer(question: Omit<ChainQuestion, 'name'>): ChainVerdict {
  const { chain, at } = question;
  const [issuer] = chain;
  if (!issuer) return failed('NoCertificate', 'there is no certificate');
  if (chain.length > MOST_STORED) return failed('TooComplex', `${chain.length} certificates, more than ${MOST_STORED}`);
  const unfit = outsideValidity(issuer, at);
  if (unfit) return unfit;
  if (!issuer.isCa || !issuer.canSignCertificates || !isSound(issuer))
    return failed('Unsuitable', 'it may not sign certificates of proxies');
  return answer(issuer, { ...question, checked: new Set(), below: 1 });
}

function answer(first: Certificate, search: Search): ChainVerdict {
  const path = climb([first], search);
  if (path) return { ok: true, path };
  return search.checked.size > MOST_CHECKS
    ? failed('TooComplex', `it takes more than ${MOST_CHECKS} signatures to find a way to an anchor`)
    : failed('UnknownAuthority', 'no presented certificate leads to one of the anchors');
}

function failed(reason: ChainFailure, message: string): ChainVerdict & { ok: false } {
  return { ok: false, reason, message };
}

/** A certificate may have any number of names. */
function namesOf({ dnsNames: [first, ...others] }: Certificate): string {
  if (first === undefined) return 'no name';
  const name = plain(first, 253);
  return others.length === 0 ? name : `${name} and ${others.length} more`;
}

/** What Go and webpki refuse in a leaf, whoever has signed it. */
function unsuitable(leaf: Certificate, name: string | undefined): ChainVerdict | undefined {
  if (!isSound(leaf)) return failed('Unsuitable', 'its extensions or purposes are not those of a proxy');
  return name !== undefined && leaf.isCa ? failed('Unsuitable', 'it is a CA certificate') : undefined;
}

/** No extension that proxies do not know and must not ignore, none twice, and both purposes if any are named. */
function isSound({ unknownCritical, repeated, purposes }: Certificate): boolean {
  const isForProxies = purposes === undefined || PURPOSES.every((purpose) => purposes.includes(purpose));
  return isForProxies && unknownCritical.length === 0 && !repeated;
}

/** The way from the end of a path to an anchor, over any of the intermediates that fit; undefined: there is none. */
function climb(path: Path, search: Search): Path | undefined {
  const reached = reachAnchor(path, search);
  if (reached || path.length + search.below > MOST_INTERMEDIATES) return reached;
  const [, ...intermediates] = search.chain;
  for (const candidate of intermediates) {
    const found = leadsOn(path, candidate, search) && climb([...path, candidate], search);
    if (found) return found;
  }
  return undefined;
}

/** The path with the anchor that is, or has signed, its end. */
function reachAnchor(path: Path, search: Search): Path | undefined {
  const last = endOf(path);
  for (const anchor of search.anchors) {
    if (!isAnchor(anchor, path, search)) continue;
    if (anchor.fingerprint === last.fingerprint) return path;
    if (permitsAll(anchor, path) && signed(anchor, last, search)) return [...path, anchor];
  }
  return undefined;
}

/**
 * An anchor with an extension that must not be ignored, or one twice, is none: proxies skip it (webpki src/trust_anchor.rs),
 * identity refuses what is below. Of others webpki looks at name, key and name constraints alone; Go at all but the key usage of
 * one without extensions (crypto/x509 `CheckSignatureFrom`, `isValid`).
 */
function isAnchor(anchor: Certificate, path: Path, { as, at }: Search): boolean {
  if (anchor.unknownCritical.length > 0 || anchor.repeated) return false;
  if (as === 'proxy') return true;
  if (outsideValidity(anchor, at) || !isForServers(anchor)) return false;
  if (anchor.fingerprint === endOf(path).fingerprint) return true;
  return maySign(anchor) && (anchor.pathLength ?? path.length) >= path.length - 1;
}

/** To Go; one of the first versions cannot say so. */
function maySign({ version, isCa, canSignCertificates }: Certificate): boolean {
  return version < 3 || (isCa && canSignCertificates);
}

function isForServers({ purposes }: Certificate): boolean {
  return purposes === undefined || purposes.includes(PURPOSES[0]) || purposes.includes(ANY_PURPOSE);
}

function leadsOn(path: Path, candidate: Certificate, search: Search): boolean {
  if (path.some((one) => isSame(one, candidate))) return false;
  return mayIssue(candidate, path, search) && signed(candidate, endOf(path), search);
}

/** Of one name and one key: a way over both is a detour. */
function isSame(one: Certificate, other: Certificate): boolean {
  return one.subjectDer.equals(other.subjectDer) && one.publicKeyDer.equals(other.publicKeyDer);
}

function endOf(path: Path): Certificate {
  return path.at(-1) ?? path[0];
}

function mayIssue(issuer: Certificate, path: Path, { at, below }: Search): boolean {
  if (!issuer.isCa || !issuer.canSignCertificates || outsideValidity(issuer, at)) return false;
  const casBelow = path.length - 1 + below;
  if (issuer.pathLength !== undefined && issuer.pathLength < casBelow) return false;
  return isSound(issuer) && permitsAll(issuer, path);
}

function permitsAll({ nameConstraints }: Certificate, path: Path): boolean {
  return nameConstraints === undefined || path.every(({ dnsNames }) => permits(nameConstraints, dnsNames));
}

/** The same as `hasSigned`, as long as the search may go on: then nothing more is found. */
function signed(issuer: Certificate, subject: Certificate, { checked }: Search): boolean {
  if (!issuer.subjectDer.equals(subject.issuerDer) || checked.size > MOST_CHECKS) return false;
  checked.add(pairOf(issuer, subject));
  return checked.size <= MOST_CHECKS && hasSigned(issuer, subject);
}

function outsideValidity(certificate: Certificate, at: Date): ChainVerdict | undefined {
  const { commonName, notAfter, notBefore } = certificate;
  const name = commonName.slice(0, LONGEST_NAME);
  if (at > notAfter) return failed('Expired', `${name} expired at ${notAfter.toISOString()}`);
  if (at < notBefore) return failed('NotYetValid', `${name} is valid from ${notBefore.toISOString()}`);
  return undefined;
}
