import { plain } from '../ground/plain.js';
import type { Certificate } from './certificate.js';

/** Why a chain does not verify; stable words. */
export type ChainFailure = 'NoCertificate' | 'WrongName' | 'Expired' | 'NotYetValid' | 'UnknownAuthority';

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
  /** DNS name that the leaf must have. */
  name?: string;
}

/** Leaf first. */
type Path = [Certificate, ...Certificate[]];

/** Longer chains than this are nobody's; it bounds the search. */
const MOST_INTERMEDIATES = 6;

const MOST_VERDICTS = 20_000;
const verdicts = new Map<string, boolean>();

/**
 * Whether a chain leads to an anchor, as Go and webpki decide it: by signatures, with names compared as DER bytes, and
 * trying every intermediate that fits. OpenSSL takes the first one and compares names loosely, so it is not asked.
 */
export function verifyChain(question: ChainQuestion): ChainVerdict {
  const { chain, at, name } = question;
  const [leaf] = chain;
  if (!leaf) return { ok: false, reason: 'NoCertificate', message: 'no certificate was presented' };
  if (name !== undefined && !leaf.dnsNames.includes(name)) {
    return {
      ok: false,
      reason: 'WrongName',
      message: `the certificate is for ${plain(leaf.dnsNames.join(', ')) || 'no name'}, not for ${plain(name)}`,
    };
  }
  const validity = outsideValidity(leaf, at);
  if (validity) return validity;
  const path = climb([leaf], question);
  if (path) return { ok: true, path };
  return { ok: false, reason: 'UnknownAuthority', message: 'no presented certificate leads to one of the anchors' };
}

/** The way from the end of a path to an anchor, over any of the intermediates that fit; undefined: there is none. */
function climb(path: Path, question: ChainQuestion): Path | undefined {
  const reached = reachAnchor(path, question);
  if (reached || path.length > MOST_INTERMEDIATES) return reached;
  const [, ...intermediates] = question.chain;
  for (const candidate of intermediates) {
    const found = leadsOn(path, candidate, question.at) && climb([...path, candidate], question);
    if (found) return found;
  }
  return undefined;
}

/** The path with the anchor that is, or has signed, its end. */
function reachAnchor(path: Path, { anchors, anchorExpiry, at }: ChainQuestion): Path | undefined {
  const last = endOf(path);
  for (const anchor of anchors) {
    if (anchorExpiry === 'enforce' && outsideValidity(anchor, at)) continue;
    // webpki takes an anchor for its name and key alone: basic constraints of anchors are not looked at.
    if (anchor.fingerprint === last.fingerprint) return path;
    if (hasSigned(anchor, last)) return [...path, anchor];
  }
  return undefined;
}

function leadsOn(path: Path, candidate: Certificate, at: Date): boolean {
  const casBelow = path.length - 1; // CA certificates between the candidate and the leaf
  return !path.includes(candidate) && mayIssue(candidate, casBelow, at) && hasSigned(candidate, endOf(path));
}

function endOf(path: Path): Certificate {
  return path.at(-1) ?? path[0];
}

function mayIssue(issuer: Certificate, casBelow: number, at: Date): boolean {
  if (!issuer.isCa || !issuer.canSignCertificates || outsideValidity(issuer, at)) return false;
  return issuer.pathLength === undefined || issuer.pathLength >= casBelow;
}

/**
 * Whether a certificate has signed another, as far as their names (bytes) and the signature tell: neither validity nor what
 * the signer may do is looked at. Verdicts are remembered: a scan of thousands of proxies asks about few issuers. */
export function hasSigned(issuer: Certificate, subject: Certificate): boolean {
  if (!issuer.subjectDer.equals(subject.issuerDer)) return false;
  const key = `${issuer.fingerprint}${subject.fingerprint}`;
  const known = verdicts.get(key);
  if (known !== undefined) return known;
  const verdict = subject.x509.verify(issuer.x509.publicKey);
  if (verdicts.size >= MOST_VERDICTS) verdicts.clear();
  verdicts.set(key, verdict);
  return verdict;
}

function outsideValidity(certificate: Certificate, at: Date): ChainVerdict | undefined {
  if (at > certificate.notAfter) {
    return {
      ok: false,
      reason: 'Expired',
      message: `${certificate.commonName} expired at ${certificate.notAfter.toISOString()}`,
    };
  }
  if (at < certificate.notBefore) {
    return {
      ok: false,
      reason: 'NotYetValid',
      message: `${certificate.commonName} is valid from ${certificate.notBefore.toISOString()}`,
    };
  }
  return undefined;
}
