import { type Certificate, parseCertificate } from './certificate.js';

/** A trust bundle as text: what is in it, and how Linkerd's identity process would read it. */
export interface Bundle {
  /** Every certificate in the text, in order, each once. */
  certificates: Certificate[];
  /** What a person should know about the text; none of it stops a reader of `certificates`. */
  problems: { reason: string; message: string }[];
  /** What the identity process would load, or the error it would end with at its start. */
  identityReads: Certificate[] | Error;
}

interface Block {
  label: string;
  body: string;
  /** Text between the block before and this one. */
  before: string;
}

const BLOCK = /-----BEGIN ([A-Z0-9 ]+)-----\r?\n([\s\S]*?)-----END \1-----(?:\r?\n)?/g;

/** Reads a bundle however it was written: CRLF, comments, duplicates, other blocks, no final newline. */
export function readBundle(text: string): Bundle {
  const { blocks, tail } = splitBlocks(text);
  const certificates = new Map<string, Certificate>();
  const problems: Bundle['problems'] = [];
  for (const [index, { label, body }] of blocks.entries()) {
    if (label !== 'CERTIFICATE') {
      problems.push({ reason: 'NotACertificate', message: `block ${index + 1} is a ${label}` });
      continue;
    }
    const certificate = tryParse(body);
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

/**
 * The strict reader of the identity process (linkerd2 pkg/tls/codec.go DecodePEMCertificates): a block of another kind
 * silently ends it; anything left over after the last block, even an empty line, is an error.
 */
function readAsIdentity(blocks: readonly Block[], tail: string): Certificate[] | Error {
  const certificates: Certificate[] = [];
  for (const { label, body } of blocks) {
    if (label !== 'CERTIFICATE') return certificates;
    const certificate = tryParse(body);
    if (!certificate) return new Error('a certificate cannot be parsed');
    certificates.push(certificate);
  }
  if (tail !== '') return new Error('not a PEM certificate: there is text after the last certificate');
  return certificates.length > 0 ? certificates : new Error('no certificates found');
}

/** Canonical text: certificates only, each once, LF, with or without a final newline. */
export function formatBundle(
  certificates: readonly Certificate[],
  { finalNewline }: { finalNewline: boolean },
): string {
  const text = addAnchors([], certificates)
    .map(({ pem }) => pem)
    .join('');
  return finalNewline ? text : text.trimEnd();
}

/** Whether two bundles hold the same certificates, in whatever order and shape. */
export function sameBundle(a: readonly Certificate[], b: readonly Certificate[]): boolean {
  const of = (bundle: readonly Certificate[]) => new Set(bundle.map(({ fingerprint }) => fingerprint));
  const [left, right] = [of(a), of(b)];
  return left.size === right.size && [...left].every((fingerprint) => right.has(fingerprint));
}

/** The bundle with more anchors at its end; those it has already stay where they are. */
export function addAnchors(bundle: readonly Certificate[], more: readonly Certificate[]): Certificate[] {
  return [...new Map([...bundle, ...more].map((certificate) => [certificate.fingerprint, certificate])).values()];
}

/** The bundle without the anchors of these fingerprints. */
export function removeAnchors(bundle: readonly Certificate[], fingerprints: readonly string[]): Certificate[] {
  return bundle.filter(({ fingerprint }) => !fingerprints.includes(fingerprint));
}

function splitBlocks(text: string): { blocks: Block[]; tail: string } {
  const blocks: Block[] = [];
  let end = 0;
  for (const match of text.matchAll(BLOCK)) {
    blocks.push({ label: match[1] ?? '', body: match[2] ?? '', before: text.slice(end, match.index) });
    end = match.index + match[0].length;
  }
  return { blocks, tail: text.slice(end) };
}

function tryParse(body: string): Certificate | undefined {
  try {
    return parseCertificate(Buffer.from(body, 'base64'));
  } catch {
    return undefined;
  }
}
