import type { V1ObjectMeta } from '@kubernetes/client-node';
import { encode } from '../kubernetes/base64.js';
import type { Kubernetes } from '../kubernetes/client.js';
import { ifThere, isKubernetesError } from '../kubernetes/errors.js';
import { FIELD_MANAGER, MANAGED_BY_LABEL } from '../kubernetes/own-names.js';
import { type PatchOperation, pointer, unchanged, withFreshRead } from '../kubernetes/patch.js';
import { RecordError } from './record-error.js';

/** An object that is reroot's own, and all that it holds. */
export interface OwnObject {
  kind: 'ConfigMap' | 'Secret';
  name: string;
  /** Texts by key; a Secret's are encoded on the way. */
  data: Record<string, string>;
}

interface Named {
  name: string;
  namespace: string;
}

/** What all objects of reroot's own have in common, whatever kind they are of. */
type Kind = OwnObject['kind'] | 'Lease';

const CALLS = {
  ConfigMap: {
    create: async ({ core }: Kubernetes, { namespace, name }: Named, data: OwnObject['data']) =>
      await core.createNamespacedConfigMap({
        namespace,
        fieldManager: FIELD_MANAGER,
        body: { metadata: ownMetadata(name), data },
      }),
    read: async ({ core }: Kubernetes, named: Named) => await core.readNamespacedConfigMap(named),
    patch: async ({ core }: Kubernetes, named: Named, body: PatchOperation[]) =>
      await core.patchNamespacedConfigMap({ ...named, body, fieldManager: FIELD_MANAGER }),
  },
  Secret: {
    create: async ({ core }: Kubernetes, { namespace, name }: Named, data: OwnObject['data']) =>
      await core.createNamespacedSecret({
        namespace,
        fieldManager: FIELD_MANAGER,
        body: { metadata: ownMetadata(name), type: 'Opaque', data },
      }),
    read: async ({ core }: Kubernetes, named: Named) => await core.readNamespacedSecret(named),
    patch: async ({ core }: Kubernetes, named: Named, body: PatchOperation[]) =>
      await core.patchNamespacedSecret({ ...named, body, fieldManager: FIELD_MANAGER }),
  },
};

/** What every object of reroot's own has. */
export function ownMetadata(name: string): V1ObjectMeta {
  return { name, labels: { [MANAGED_BY_LABEL]: FIELD_MANAGER } };
}

/**
 * Replaces all that an earlier rotation left in an object; one that is not there is created.
 * @throws RecordError `ObjectAbsent`
 */
export async function writeOwnObject(k8s: Kubernetes, namespace: string, object: OwnObject): Promise<void> {
  const { kind, name } = object;
  const { create, read, patch } = CALLS[kind];
  const named = { name, namespace };
  const data = kind === 'Secret' ? encoded(object.data) : object.data;
  await withFreshRead(async () => {
    const found = await ifThere(read(k8s, named));
    if (!found) return await created({ kind, ...named }, create(k8s, named, data));
    return await patch(k8s, named, [unchanged(found.metadata), { op: 'add', path: pointer('data'), value: data }]);
  });
}

/**
 * What a creation makes. It needs a right that reroot's user in the cluster has not: there the objects are made beforehand
 * (deploy/objects.yaml). A person may have it.
 * @throws RecordError `ObjectAbsent`
 */
export async function created<T>({ kind, name, namespace }: Named & { kind: Kind }, creation: Promise<T>): Promise<T> {
  try {
    return await creation;
  } catch (error) {
    if (!isKubernetesError(error, 'Forbidden')) throw error;
    throw new RecordError(
      'ObjectAbsent',
      `${kind} ${namespace}/${name} is not there, and reroot may not create it: ${error.message}`,
      'apply deploy/objects.yaml, which makes it beforehand, then `retry`',
    );
  }
}

/** The operations that bring annotations to an object, and leave its others. */
export function annotate(metadata: V1ObjectMeta | undefined, annotations: Record<string, string>): PatchOperation[] {
  const path = ['metadata', 'annotations'];
  if (!metadata?.annotations) return [{ op: 'add', path: pointer(...path), value: annotations }];
  return Object.entries(annotations).map(([name, value]) => ({ op: 'add', path: pointer(...path, name), value }));
}

/** Texts as the data of a Secret. */
export function encoded(texts: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(texts).map(([key, text]) => [key, encode(text)]));
}
