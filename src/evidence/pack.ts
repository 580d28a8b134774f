import { createHash } from 'node:crypto';
import { gunzipSync, gzipSync } from 'node:zlib';
import type { EvidenceIndex } from '../rotation/report.js';
import { canonicalJson, digestOf } from './canonical.js';
import { type BeginningLine, type EvidenceLine, type LineOfProxy, referencesOf } from './lines.js';

/** Evidence in pieces that fit into ConfigMaps. */

/** Characters of base64 in one ConfigMap: an object takes 1 MiB, and a patch carries it whole. */
export const MOST_CHUNK = 700_000;
const MOST_ZIPPED = (MOST_CHUNK / 4) * 3;
/** Bytes of lines that are tried as the first chunk: pieces of that size always fit, also where nothing can be compressed. */
const FIRST_BYTES = MOST_ZIPPED / 2;
const MOST_BYTES = 4_000_000;
/** Bytes of one chunk once it is unpacked: whoever may write a ConfigMap may have written a bomb. */
const MOST_UNPACKED = 16_000_000;

/** Evidence does not fit into what there is for it. */
export class TooMuchEvidence extends Error {
  override readonly name = 'TooMuchEvidence';
}

/** What is in each ConfigMap, in order, and what the report says of it. */
export interface Packed {
  /** Base64 of gzip. */
  texts: string[];
  index: Pick<EvidenceIndex, 'digest' | 'bytes' | 'chunks'>;
}

/**
 * Lines as they are digested and kept: the first, then each certificate before the first line that refers to it.
 * @param der of a certificate; one that is not known is left out, and missed when the evidence is verified
 */
export function* writtenLines(
  [first, ...others]: readonly [BeginningLine, ...LineOfProxy[]],
  der: (fingerprint: string) => Buffer | undefined,
): Generator<string> {
  const there = new Set<string>();
  yield writtenLine(first);
  yield* certificatesFor(first, there, der);
  for (const line of others) {
    yield* certificatesFor(line, there, der);
    yield writtenLine(line);
  }
}

function* certificatesFor(
  line: EvidenceLine,
  there: Set<string>,
  der: (fingerprint: string) => Buffer | undefined,
): Generator<string> {
  for (const fingerprint of referencesOf(line)) {
    const bytes = there.has(fingerprint) ? undefined : der(fingerprint);
    if (!bytes) continue;
    there.add(fingerprint);
    yield writtenLine({ kind: 'certificate', fingerprint, der: bytes.toString('base64') });
  }
}

export function writtenLine(line: EvidenceLine): string {
  return `${canonicalJson(line)}\n`;
}

/** By namespace, pod and uid: the same proxies make the same evidence. */
export function inOrder<T extends LineOfProxy>(lines: readonly T[]): T[] {
  const key = ({ namespace, pod, uid }: T) => `${namespace}/${pod}/${uid}`;
  return lines
    .map((line) => ({ line, key: key(line) }))
    .toSorted((a, b) => (a.key < b.key ? -1 : 1))
    .map(({ line }) => line);
}

/**
 * Takes line after line, and keeps no more of them than the chunk that they are for.
 * @throws TooMuchEvidence when they need more chunks than that
 */
export function pack(lines: Iterable<string>, mostChunks: number): Packed {
  const texts: string[] = [];
  const chunks: EvidenceIndex['chunks'] = [];
  const whole = createHash('sha256');
  let bytes = 0;
  let room = FIRST_BYTES;
  let waiting: string[] = [];
  let waitingBytes = 0;
  const add = (piece: readonly string[]): void => {
    const raw = Buffer.from(piece.join(''));
    const zipped = gzipSync(raw); // its header has no time (RFC 1952 MTIME 0)
    if (zipped.length > MOST_ZIPPED) {
      if (piece.length === 1) throw new TooMuchEvidence(`one line of it has ${raw.length} bytes`);
      const half = piece.length >> 1;
      [piece.slice(0, half), piece.slice(half)].forEach(add);
      return;
    }
    if (texts.length === mostChunks) throw new TooMuchEvidence(`it needs more than ${mostChunks} ConfigMaps`);
    texts.push(zipped.toString('base64'));
    chunks.push({ digest: digestOf(raw), bytes: raw.length });
    room = Math.min(MOST_BYTES, (raw.length / zipped.length) * MOST_ZIPPED * 0.9);
  };
  for (const line of lines) {
    const length = Buffer.byteLength(line);
    if (waiting.length > 0 && waitingBytes + length > room) {
      add(waiting);
      [waiting, waitingBytes] = [[], 0];
    }
    whole.update(line);
    bytes += length;
    waiting.push(line);
    waitingBytes += length;
  }
  if (waiting.length > 0) add(waiting);
  return { texts, index: { digest: whole.digest('hex'), bytes, chunks } };
}

/**
 * @returns the lines of one chunk
 * @throws Error when it is not as it was packed
 */
export function unpack(text: string, { digest }: EvidenceIndex['chunks'][number]): string {
  const raw = gunzipSync(Buffer.from(text, 'base64'), { maxOutputLength: MOST_UNPACKED });
  const found = digestOf(raw);
  if (found !== digest) throw new Error(`its digest is ${found}, not ${digest}`);
  return raw.toString('utf8');
}
