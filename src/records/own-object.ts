import type { V1ObjectMeta } from '@kubernetes/client-node';
import { encode } from '../kubernetes/base64.js';
import type { Kubernetes } from '../kubernetes/client.js';
import { isKubernetesError } from '../kubernetes/errors.js';
import { FIELD_MANAGER, MANAGED_BY_LABEL } from '../kubernetes/own-names.js';
import { type PatchOperation, pointer, unchanged, withFreshRead } from '../kubernetes/patch.js';

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

/** Creates an object, or replaces all that an earlier rotation left in it. */
export async function writeOwnObject(k8s: Kubernetes, namespace: string, object: OwnObject): Promise<void> {
  const { create, read, patch } = CALLS[object.kind];
  const named = { name: object.name, namespace };
  const data = object.kind === 'Secret' ? encoded(object.data) : object.data;
  try {
    await create(k8s, named, data);
  } catch (error) {
    if (!isKubernetesError(error, 'AlreadyExists')) throw error;
    await withFreshRead(async () => {
      const { metadata } = await read(k8s, named);
      await patch(k8s, named, [unchanged(metadata), { op: 'add', path: pointer('data'), value: data }]);
    });
  }
}

/** Texts as the data of a Secret. */
export function encoded(texts: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(texts).map(([key, text]) => [key, encode(text)]));
}
