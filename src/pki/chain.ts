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

/**
 * Whether a chain leads to an anchor, as Go and webpki decide it: by signatures, with names compared as DER bytes, and
 * trying every intermediate that fits. OpenSSL takes the first one and compares names loosely, so it is not asked.
 */
export function verifyChain({ chain, anchors, at, anchorExpiry, name }: ChainQuestion): ChainVerdict {
  const [leaf, ...intermediates] = chain;
  if (!leaf) return { ok: false, reason: 'NoCertificate', message: 'no certificate was presented' };
  if (name !== undefined && !leaf.dnsNames.includes(name)) {
    return {
      ok: false,
      reason: 'WrongName',
      message: `the certificate is for ${leaf.dnsNames.join(', ') || 'no name'}, not for ${name}`,
    };
  }
  const validity = outsideValidity(leaf, at);
  if (validity) return validity;
  const path = climb([leaf], intermediates, anchors, at, anchorExpiry);
  if (path) return { ok: true, path };
  return { ok: false, reason: 'UnknownAuthority', message: 'no presented certificate leads to one of the anchors' };
}

/** Longer chains than this are nobody's; it bounds the search. */
const MOST_INTERMEDIATES = 6;

function climb(
  path: Certificate[],
  intermediates: readonly Certificate[],
  anchors: readonly Certificate[],
  at: Date,
  anchorExpiry: ChainQuestion['anchorExpiry'],
): Certificate[] | undefined {
  const last = path[path.length - 1] as Certificate;
  const below = path.length - 1; // CA certificates between an issuer of `last` and the leaf
  for (const anchor of anchors) {
    if (anchorExpiry === 'enforce' && outsideValidity(anchor, at)) continue;
    // webpki takes an anchor for its name and key alone: basic constraints of anchors are not looked at.
    if (anchor.fingerprint === last.fingerprint) return path;
    if (issued(anchor, last)) return [...path, anchor];
  }
  if (path.length > MOST_INTERMEDIATES) return undefined;
  for (const candidate of intermediates) {
    if (path.includes(candidate) || !mayIssue(candidate, below, at) || !issued(candidate, last)) continue;
    const found = climb([...path, candidate], intermediates, anchors, at, anchorExpiry);
    if (found) return found;
  }
  return undefined;
}

function mayIssue(issuer: Certificate, casBelow: number, at: Date): boolean {
  if (!issuer.isCa || !issuer.canSignCertificates || outsideValidity(issuer, at)) return false;
  return issuer.pathLength === undefined || issuer.pathLength >= casBelow;
}

const verdicts = new Map<string, boolean>();
const MOST_VERDICTS = 20_000;

/** Name (bytes) and signature fit. Verdicts are remembered: a scan of thousands of proxies asks about few issuers. */
function issued(issuer: Certificate, subject: Certificate): boolean {
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
