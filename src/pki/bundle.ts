import { boundedCache } from '../ground/bounded-cache.js';
import { plain } from '../ground/plain.js';
import { StateError } from '../ground/state-error.js';
import { type Certificate, fingerprintOf, MOST_CERTIFICATE_BYTES, parseCertificate, toPem } from './certificate.js';
import { refusedByGo } from './go/certificate.js';
import { type PemBlock, pemBlocks } from './pem.js';

/** A trust bundle as text: what is in it, and how Linkerd's identity process would read it. */
export interface Bundle {
  /** Every certificate in the text, in order, each once. */
  certificates: Certificate[];
  /** What a person should know about the text; none of it stops a reader of `certificates`. */
  problems: { reason: string; message: string }[];
  /** What the identity process would load, or the error it would end with at its start. */
  identityReads: Certificate[] | Error;
}

/** What tells one certificate of a bundle from another, and how it is written. */
export type Anchor = Pick<Certificate, 'fingerprint' | 'pem'>;

/** Characters of a bundle; an object of Kubernetes may have four times as many. Every public root together has 230 KB. */
export const MOST_BUNDLE_TEXT = 256 * 1024;
/** Certificates in a bundle: every public root together are 150. */
const MOST_BLOCKS = 256;
const LONGEST_LABEL = 64;

/**
 * Reads a bundle however it was written: CRLF, comments, duplicates, other blocks, no final newline.
 * @throws StateError `BundleTooLong`
 */
export function readBundle(text: string): Bundle {
  const { blocks, tail } = boundedBlocks(text);
  const certificates = new Map<string, Certificate>();
  const problems: Bundle['problems'] = [];
  for (const [index, { label, bytes }] of blocks.entries()) {
    if (label !== 'CERTIFICATE') {
      problems.push({ reason: 'NotACertificate', message: `block ${index + 1} is a ${plain(label, LONGEST_LABEL)}` });
      continue;
    }
    const certificate = tryParse(bytes);
    if (!certificate)
      problems.push({ reason: 'UnreadableCertificate', message: `block ${index + 1} is not a certificate` });
    else if (certificates.has(certificate.fingerprint))
      problems.push({ reason: 'DuplicateCertificate', message: `block ${index + 1} is a duplicate` });
    else certificates.set(certificate.fingerprint, certificate);
  }
  const identityReads = readAsIdentity(blocks, tail);
  if (Array.isArray(identityReads) && identityReads.length < certificates.size) {
    problems.push({
      reason: 'CertificatesDropped',
      message: `the identity process stops reading at the first block that is not a certificate, and would drop ${certificates.size - identityReads.length} of ${certificates.size} certificates`,
    });
  }
  return { certificates: [...certificates.values()], problems, identityReads };
}

const MOST_CACHED_BYTES = 32 * 1024 * 1024;
const anchorsRead = boundedCache<Anchor[] | StateError>(MOST_CACHED_BYTES);

/**
 * Which certificates a text says that it has, each once. They are not looked into, so it costs next to nothing: a proxy
 * trusts a certificate when its bytes are there, and thousands of pods carry the same few bundles.
 * @throws StateError `BundleTooLong`
 */
export function bundleAnchors(text: string): Anchor[] {
  const known = anchorsRead.get(text) ?? listAnchors(text);
  if (text.length <= MOST_BUNDLE_TEXT) anchorsRead.set(text, known, 2 * text.length);
  if (known instanceof StateError) throw known;
  return known;
}

function listAnchors(text: string): Anchor[] | StateError {
  try {
    const ders = boundedBlocks(text)
      .blocks.filter(({ label }) => label === 'CERTIFICATE')
      .map(({ bytes }) => bytes);
    const usual = ders.filter(({ length }) => length > 0 && length <= MOST_CERTIFICATE_BYTES);
    return addAnchors(
      [],
      usual.map((der) => ({ fingerprint: fingerprintOf(der), pem: toPem(der) })),
    );
  } catch (error) {
    if (error instanceof StateError) return error;
    throw error;
  }
}

/**
 * The strict reader of the identity process (linkerd2 pkg/tls/codec.go DecodePEMCertificates): a block of another kind
 * silently ends it; anything left over after the last block, even an empty line, is an error.
 */
function readAsIdentity(blocks: readonly PemBlock[], tail: string): Certificate[] | Error {
  const certificates: Certificate[] = [];
  for (const [index, { label, bytes }] of blocks.entries()) {
    if (label !== 'CERTIFICATE') break;
    const refused = refusedByGo(bytes);
    const certificate = refused === undefined ? tryParse(bytes) : undefined;
    if (!certificate) return new Error(`block ${index + 1} cannot be parsed${refused ? `: ${refused}` : ''}`);
    certificates.push(certificate);
  }
  const isWhole = certificates.length === blocks.length;
  if (isWhole && tail !== '') return new Error('not a PEM certificate: there is text after the last certificate');
  return certificates.length > 0 ? certificates : new Error('no certificates found');
}

/**
 * The certificates of an issuer's file: those that identity reads, issuer first; where it cannot read them, all that are there.
 * @throws StateError `BundleTooLong`
 */
export function issuerFile(text: string): Certificate[] {
  const { identityReads, certificates } = readBundle(text);
  return Array.isArray(identityReads) ? addAnchors([], identityReads) : certificates;
}

/** Canonical text: certificates only, each once, LF, with or without a final newline. */
export function formatBundle(certificates: readonly Anchor[], { finalNewline }: { finalNewline: boolean }): string {
  const text = addAnchors([], certificates)
    .map(({ pem }) => pem)
    .join('');
  return finalNewline ? text : text.trimEnd();
}

/** Whether two bundles hold the same certificates, in whatever order and shape. */
export function sameBundle(a: readonly Anchor[], b: readonly Anchor[]): boolean {
  const of = (bundle: readonly Anchor[]) => new Set(bundle.map(({ fingerprint }) => fingerprint));
  const [left, right] = [of(a), of(b)];
  return left.size === right.size && [...left].every((fingerprint) => right.has(fingerprint));
}

/** The bundle with more anchors at its end; those it has already stay where they are. */
export function addAnchors<T extends Anchor>(bundle: readonly T[], more: readonly T[]): T[] {
  return [...new Map([...bundle, ...more].map((certificate) => [certificate.fingerprint, certificate])).values()];
}

/** The bundle without the anchors of these fingerprints. */
export function removeAnchors<T extends Anchor>(bundle: readonly T[], fingerprints: readonly string[]): T[] {
  return bundle.filter(({ fingerprint }) => !fingerprints.includes(fingerprint));
}

function boundedBlocks(text: string): ReturnType<typeof pemBlocks> {
  if (text.length > MOST_BUNDLE_TEXT) throw tooLong(`more than ${MOST_BUNDLE_TEXT / 1024} KB`);
  const found = pemBlocks(text);
  if (found.blocks.length > MOST_BLOCKS) throw tooLong(`more than ${MOST_BLOCKS} certificates`);
  return found;
}

function tooLong(what: string): StateError {
  return new StateError(
    'BundleTooLong',
    `a trust bundle has ${what}`,
    'keep in it only the anchors that Linkerd needs: each can sign for every name of the mesh',
  );
}

function tryParse(der: Buffer): Certificate | undefined {
  try {
    return parseCertificate(der);
  } catch {
    return undefined;
  }
}
