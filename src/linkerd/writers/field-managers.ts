import type { V1ManagedFieldsEntry, V1ObjectMeta } from '@kubernetes/client-node';
import { plain } from '../../ground/plain.js';

/** A field manager that owns keys of an object's `data`, as the API server recorded it. */
export interface KeyOwner {
  manager: string;
  keys: string[];
  /** ISO 8601: when it has written any of its fields last. */
  since?: string;
}

/**
 * Who owns some keys of a ConfigMap or Secret: a manager may own labels alone, and is not blamed for the rest. Where nothing is
 * recorded nothing is known. (Kubernetes, "Server-Side Apply": `fieldsV1`, `f:` before the name of each field.)
 */
export function keyOwners({ managedFields = [] }: V1ObjectMeta, keys: readonly string[]): KeyOwner[] {
  const owners = new Map<string, KeyOwner>();
  for (const entry of managedFields) {
    const owned = keys.filter((key) => ownsKey(entry, key));
    if (owned.length === 0) continue;
    const manager = plain(entry.manager ?? 'unknown');
    const before = owners.get(manager);
    const since = latest(before?.since, entry.time);
    owners.set(manager, {
      manager,
      keys: [...new Set([...(before?.keys ?? []), ...owned])],
      ...(since === undefined ? {} : { since }),
    });
  }
  return [...owners.values()];
}

function ownsKey({ fieldsV1, subresource }: V1ManagedFieldsEntry, key: string): boolean {
  if (subresource) return false;
  const data: unknown = (fieldsV1 as Record<string, unknown> | undefined)?.['f:data'];
  return typeof data === 'object' && data !== null && `f:${key}` in data;
}

function latest(one: string | undefined, other: Date | undefined): string | undefined {
  if (!other) return one;
  const at = new Date(other).toISOString();
  return one !== undefined && one > at ? one : at;
}
