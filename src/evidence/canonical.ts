import { createHash } from 'node:crypto';
import { visibleJson } from '../ground/plain.js';

/** One text for one value, so that a digest of the text is one of the value. */

/** JSON without white space, with the names of each object in the order of their code units; fields that are undefined are absent. */
export function canonicalJson(value: unknown): string {
  return visibleJson(written(value));
}

function written(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(written).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  const fields = Object.entries(value).filter(([, field]) => field !== undefined);
  return `{${fields
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, field]) => `${JSON.stringify(name)}:${written(field)}`)
    .join(',')}}`;
}

/** SHA-256, 64 lower-case hex digits. */
export function digestOf(data: string | Buffer): string {
  return createHash('sha256').update(data).digest('hex');
}

/** Of a report, and of all that it refers to by digest: the digest that it carries itself is left out. */
export function reportDigest(report: object): string {
  const { digest: _, ...said } = report as { digest?: unknown };
  return digestOf(canonicalJson(said));
}

/** A report with its digest. */
export function sealed<T extends object>(report: T): T & { digest: string } {
  return { ...report, digest: reportDigest(report) };
}
