import { type BoundedCache, boundedCache } from '../ground/bounded-cache.js';
import { plain } from '../ground/plain.js';
import type { Certificate, CertificateKey } from './certificate.js';
import { permits } from './name-constraints.js';

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
  /** Proxies (webpki) ignore the validity of anchors, the identity process (Go) enforces it. */
  anchorExpiry: 'ignore' | 'enforce';
  /** DNS name that the leaf must have, as that of a proxy: no CA. */
  name?: string;
}

/** Leaf first. */
type Path = [Certificate, ...Certificate[]];

/** Certificates that one presents: leaf, issuer, bridge certificate, and as many again that stand between issuer and root. */
export const MOST_PRESENTED = 8;
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

const MOST_CACHED_BYTES = 4 * 1024 * 1024;
const VERDICT_BYTES = 256;
const verdicts: BoundedCache<boolean> = boundedCache(MOST_CACHED_BYTES);

/** A question, and which signatures have been checked for it. */
interface Search extends ChainQuestion {
  checked: Set<string>;
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
  const search: Search = { ...question, checked: new Set() };
  const path = climb([leaf], search);
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
  if (reached || path.length > MOST_INTERMEDIATES) return reached;
  const [, ...intermediates] = search.chain;
  for (const candidate of intermediates) {
    const found = leadsOn(path, candidate, search) && climb([...path, candidate], search);
    if (found) return found;
  }
  return undefined;
}

/** The path with the anchor that is, or has signed, its end. */
function reachAnchor(path: Path, search: Search): Path | undefined {
  const { anchors, anchorExpiry, at } = search;
  const last = endOf(path);
  for (const anchor of anchors) {
    if (anchorExpiry === 'enforce' && outsideValidity(anchor, at)) continue;
    if (anchor.fingerprint === last.fingerprint) return path;
    // webpki takes an anchor for its name, its key and its name constraints: nothing else of it is looked at
    if (permitsAll(anchor, path) && signed(anchor, last, search)) return [...path, anchor];
  }
  return undefined;
}

function leadsOn(path: Path, candidate: Certificate, search: Search): boolean {
  if (path.some((one) => isSame(one, candidate))) return false;
  return mayIssue(candidate, path, search.at) && signed(candidate, endOf(path), search);
}

/** Of one name and one key: a way over both is a detour. */
function isSame(one: Certificate, other: Certificate): boolean {
  return one.subjectDer.equals(other.subjectDer) && one.publicKeyDer.equals(other.publicKeyDer);
}

function endOf(path: Path): Certificate {
  return path.at(-1) ?? path[0];
}

function mayIssue(issuer: Certificate, path: Path, at: Date): boolean {
  if (!issuer.isCa || !issuer.canSignCertificates || outsideValidity(issuer, at)) return false;
  const casBelow = path.length - 1;
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

/**
 * Whether a certificate has signed another, as far as their names (bytes) and the signature tell: neither validity nor what
 * the signer may do is looked at. Verdicts are remembered: a scan of thousands of proxies asks about few issuers.
 */
export function hasSigned(issuer: Certificate, subject: Certificate): boolean {
  if (!issuer.subjectDer.equals(subject.issuerDer)) return false;
  const key = pairOf(issuer, subject);
  const known = verdicts.get(key);
  if (known !== undefined) return known;
  const verdict = isUsual(issuer.key) && SIGNATURES.has(subject.signatureAlgorithm) && verifies(issuer, subject);
  verdicts.set(key, verdict, VERDICT_BYTES);
  return verdict;
}

function pairOf(issuer: Certificate, subject: Certificate): string {
  return `${issuer.fingerprint}${subject.fingerprint}`;
}

/** What ring verifies for webpki; what else there is costs up to a hundred times as much. */
const CURVES = ['prime256v1', 'secp384r1'];
const LEAST_RSA_BITS = 2048;
const SIGNATURES = new Set([
  ...['1.2.840.10045.4.3.2', '1.2.840.10045.4.3.3', '1.2.840.10045.4.3.4'], // ECDSA with SHA-256, 384, 512
  ...['1.2.840.113549.1.1.11', '1.2.840.113549.1.1.12', '1.2.840.113549.1.1.13'], // RSA PKCS #1 with the same
  ...['1.2.840.113549.1.1.10', '1.3.101.112'], // RSA-PSS, Ed25519
]);

function isUsual(key: CertificateKey): boolean {
  if (key.type === 'ec') return CURVES.includes(key.curve);
  return key.type === 'ed25519' || (key.type === 'rsa' && key.bits >= LEAST_RSA_BITS);
}

function verifies(issuer: Certificate, subject: Certificate): boolean {
  try {
    return subject.x509.verify(issuer.x509.publicKey);
  } catch {
    return false; // a key or a signature that OpenSSL cannot make sense of
  }
}

function outsideValidity(certificate: Certificate, at: Date): ChainVerdict | undefined {
  const { commonName, notAfter, notBefore } = certificate;
  const name = commonName.slice(0, LONGEST_NAME);
  if (at > notAfter) return failed('Expired', `${name} expired at ${notAfter.toISOString()}`);
  if (at < notBefore) return failed('NotYetValid', `${name} is valid from ${notBefore.toISOString()}`);
  return undefined;
}
