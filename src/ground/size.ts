/** How much fits into what travels: Temporal refuses payloads of 2 MB, Kubernetes objects of 1 MiB or 1.5 MB. */

export interface Room {
  /** How many, at most. */
  most: number;
  /** Bytes of all of them as JSON, at most. */
  bytes: number;
}

/** For the names of namespaces. */
export const ROOM_FOR_NAMESPACES: Room = { most: 1000, bytes: 24_000 };

/** The first of a list, as many as there is room for. */
export function fitting<T>(items: readonly T[], { most, bytes }: Room): T[] {
  const fit: T[] = [];
  let left = bytes;
  for (const item of items.slice(0, most)) {
    left -= jsonBytes(item);
    if (left < 0) break;
    fit.push(item);
  }
  return fit;
}

/** Bytes of a value as JSON in UTF-8. Workflows have no Buffer. */
export function jsonBytes(value: unknown): number {
  const json = JSON.stringify(value) ?? '';
  let bytes = 0;
  for (let at = 0; at < json.length; at += 1) bytes += bytesOf(json.charCodeAt(at));
  return bytes;
}

/** Of a code unit; two of a surrogate pair make four. */
function bytesOf(unit: number): number {
  if (unit < 0x80) return 1;
  return unit < 0x800 || (unit >= 0xd800 && unit < 0xe000) ? 2 : 3;
}
