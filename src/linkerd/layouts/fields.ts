import type { V1ManagedFieldsEntry, V1ObjectMeta } from '@kubernetes/client-node';
import type { Kubernetes } from '../../kubernetes/client.js';
import { plain } from '../../ground/plain.js';
import { StateError } from '../../ground/state-error.js';
import { isKubernetesError } from '../../kubernetes/errors.js';
import { withoutAppliedKeys } from '../../kubernetes/last-applied.js';
import { pointer, unchanged, withFreshRead } from '../../kubernetes/patch.js';
import { decode, encode } from '../../kubernetes/base64.js';
import { FIELD_MANAGER } from '../../kubernetes/own-names.js';
import { type Location, locationName } from './layout.js';
import { readYamlField, replaceYamlField } from './yaml-field.js';

/** Reading and writing fields at `Location`s: text in, text out, with a precondition on every write. */

interface StoredObject {
  kind: Location['kind'];
  name: string;
  namespace: string;
  metadata: V1ObjectMeta | undefined;
  data: Record<string, string>;
}

export interface FieldEdit {
  location: Location;
  /** New value from the current one; the same text, or undefined, leaves it. */
  change(current: string): string | undefined;
}

/**
 * Who wrote an object last, as the API server recorded it: `manager at time`.
 * @returns undefined when it was reroot itself
 */
export async function lastForeignWriter(
  k8s: Kubernetes,
  namespace: string,
  location: Location,
): Promise<string | undefined> {
  const object = await readObject(k8s, namespace, { ...location, optional: true });
  if (!object) return 'somebody who deleted it';
  return lastWriter(object.metadata?.managedFields ?? []);
}

/** Times have whole seconds: of several in the same second the foreign one counts, because it has to be looked into. */
export function lastWriter(managedFields: readonly V1ManagedFieldsEntry[]): string | undefined {
  const timeOf = ({ time }: V1ManagedFieldsEntry): number => new Date(time ?? 0).getTime();
  const newest = Math.max(...managedFields.map(timeOf));
  const latest = managedFields.filter((entry) => timeOf(entry) === newest);
  const foreign = latest.find(({ manager }) => manager !== FIELD_MANAGER);
  if (foreign) return `${plain(foreign.manager ?? 'somebody unknown')} at ${new Date(newest).toISOString()}`;
  return latest.length > 0 ? undefined : 'somebody unknown';
}

/**
 * The text at a location.
 * @returns undefined when an optional object or field is not there
 * @throws StateError `FieldMissing` when it is not optional, `YamlUnreadable`
 */
export async function readField(k8s: Kubernetes, namespace: string, location: Location): Promise<string | undefined> {
  const object = await readObject(k8s, namespace, location);
  const value = object && fieldOf(object.data, location);
  if (value === undefined && !location.optional) {
    throw new StateError(
      'FieldMissing',
      `${locationName(location)} is missing or empty`,
      'put it back as Linkerd had it',
    );
  }
  return value;
}

/**
 * Applies edits to one object in one write, on the condition that nobody wrote since it was read; on a lost race it
 * reads and decides again. Everything else in the object stays byte for byte, but for private keys in its annotation of
 * `kubectl apply`, which go with the same write.
 * @returns whether anything had to be written
 */
export async function editFields(k8s: Kubernetes, namespace: string, edits: readonly FieldEdit[]): Promise<boolean> {
  const [first] = edits;
  if (!first) return false;
  return await withFreshRead(async () => {
    const object = await readObject(k8s, namespace, first.location);
    if (!object) return false;
    const changed = editedValues(object.data, edits);
    if (changed.size === 0) return false;
    await patchData(k8s, object, changed);
    return true;
  });
}

/** The values of an object's data that edits change, as they are afterwards. */
export function editedValues(data: Record<string, string>, edits: readonly FieldEdit[]): Map<string, string> {
  const changed = new Map<string, string>();
  for (const { location, change } of edits) {
    const text = changed.get(location.key) ?? data[location.key] ?? '';
    const current = fieldOf({ [location.key]: text }, location);
    const value = current === undefined ? undefined : change(current);
    if (value === undefined || value === current) continue;
    changed.set(location.key, location.path ? replaceYamlField(text, location.path, value) : value);
  }
  return changed;
}

async function readObject(
  k8s: Kubernetes,
  namespace: string,
  { kind, name, optional }: Location,
): Promise<StoredObject | undefined> {
  try {
    if (kind === 'ConfigMap') {
      const { metadata, data = {} } = await k8s.core.readNamespacedConfigMap({ name, namespace });
      return { kind, name, namespace, metadata, data };
    }
    const { metadata, data = {} } = await k8s.core.readNamespacedSecret({ name, namespace });
    const decoded = Object.entries(data).map(([key, value]) => [key, decode(value)] as const);
    return { kind, name, namespace, metadata, data: Object.fromEntries(decoded) };
  } catch (error) {
    if (optional && isKubernetesError(error, 'NotFound')) return undefined;
    throw error;
  }
}

/** The text at a location of an object's data; undefined when it is absent or empty. */
export function fieldOf(data: Record<string, string>, location: Location): string | undefined {
  const text = data[location.key];
  if (text === undefined || text === '') return undefined;
  return location.path ? readYamlField(text, location.path) : text;
}

async function patchData(k8s: Kubernetes, object: StoredObject, values: Map<string, string>): Promise<void> {
  const { kind, name, namespace, metadata } = object;
  const body = [
    unchanged(metadata),
    ...[...values].map(([key, value]) => ({
      op: 'replace',
      path: pointer('data', key),
      value: kind === 'Secret' ? encode(value) : value,
    })),
    ...withoutAppliedKeys(metadata),
  ];
  const request = { name, namespace, body, fieldManager: FIELD_MANAGER };
  if (kind === 'ConfigMap') await k8s.core.patchNamespacedConfigMap(request);
  else await k8s.core.patchNamespacedSecret(request);
}
