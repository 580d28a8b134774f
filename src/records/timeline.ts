import type { V1ObjectMeta } from '@kubernetes/client-node';
import { visibleJson } from '../ground/plain.js';
import type { Kubernetes } from '../kubernetes/client.js';
import { ifThere } from '../kubernetes/errors.js';
import { FIELD_MANAGER } from '../kubernetes/own-names.js';
import { isLostRace, pointer, unchanged } from '../kubernetes/patch.js';
import { TIMELINE_CONFIGMAP } from './names.js';
import { created, ownMetadata } from './own-object.js';

/** How a rotation has gone so far, in points: every replica of the worker reads it, and whoever has a newer one writes. */

const KEY = 'timeline.json';

/** As it was read: the precondition of a write. */
export interface StoredTimeline {
  /** Absent: there is no such object. */
  metadata?: V1ObjectMeta;
  /** What its JSON says, whoever wrote it; absent: nothing, or nothing that can be read. */
  value?: unknown;
}

export async function readTimeline({ core }: Kubernetes, namespace: string): Promise<StoredTimeline> {
  const found = await ifThere(core.readNamespacedConfigMap({ name: TIMELINE_CONFIGMAP, namespace }));
  if (!found) return {};
  return { metadata: found.metadata ?? {}, value: parsed(found.data?.[KEY]) };
}

function parsed(text: string | undefined): unknown {
  try {
    return text === undefined ? undefined : JSON.parse(text);
  } catch {
    return undefined;
  }
}

/**
 * Writes it in place of what was read.
 * @returns false when somebody else has written in between
 * @throws RecordError `ObjectAbsent`
 */
export async function writeTimeline(
  { core }: Kubernetes,
  namespace: string,
  { metadata }: StoredTimeline,
  value: object,
): Promise<boolean> {
  const named = { name: TIMELINE_CONFIGMAP, namespace };
  const data = { [KEY]: visibleJson(JSON.stringify(value)) };
  try {
    if (metadata) {
      const body = [unchanged(metadata), { op: 'add', path: pointer('data'), value: data }];
      await core.patchNamespacedConfigMap({ ...named, body, fieldManager: FIELD_MANAGER });
    } else {
      const body = { metadata: ownMetadata(TIMELINE_CONFIGMAP), data };
      const creation = core.createNamespacedConfigMap({ namespace, fieldManager: FIELD_MANAGER, body });
      await created({ kind: 'ConfigMap', ...named }, creation);
    }
    return true;
  } catch (error) {
    if (isLostRace(error)) return false;
    throw error;
  }
}
