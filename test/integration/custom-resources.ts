import { ApiextensionsV1Api, CustomObjectsApi, KubeConfig, type V1ObjectMeta } from '@kubernetes/client-node';
import type { CustomResource } from '../../src/kubernetes/custom.js';
import { eventually, sandbox } from './support.js';

/** Custom resources in the shared sandbox: definitions without a schema, and their objects. */

const config = new KubeConfig();
config.loadFromFile(sandbox.adminKubeconfig);
const extensions = config.makeApiClient(ApiextensionsV1Api);
export const custom = config.makeApiClient(CustomObjectsApi);

export interface Definition extends CustomResource {
  kind: string;
  scope: 'Namespaced' | 'Cluster';
}

export async function createDefinition({ group, version, plural, kind, scope }: Definition): Promise<void> {
  const openAPIV3Schema = { type: 'object', x_kubernetes_preserve_unknown_fields: true };
  await extensions.createCustomResourceDefinition({
    body: {
      metadata: {
        name: `${plural}.${group}`,
      },
      spec: {
        group,
        scope,
        names: { plural, singular: kind.toLowerCase(), kind, listKind: `${kind}List` },
        versions: [
          { name: version, served: true, storage: true, schema: { openAPIV3Schema }, subresources: { status: {} } },
        ],
      },
    },
  });
  await eventually(`${plural} to be served`, async () => {
    const { resources } = await custom.getAPIResources({ group, version });
    return resources.some(({ name }) => name === plural);
  });
}

/** Its objects go with it. */
export async function deleteDefinition({ group, plural }: CustomResource): Promise<void> {
  await extensions.deleteCustomResourceDefinition({ name: `${plural}.${group}` });
  await eventually(`${plural} to go`, async () => {
    const { items } = await extensions.listCustomResourceDefinition();
    return !items.some(({ metadata }) => metadata?.name === `${plural}.${group}`);
  });
}

export interface StoredObject {
  metadata: V1ObjectMeta;
  spec?: object;
  status?: object;
}

export async function createObject(
  { group, version, plural, kind, scope }: Definition,
  { status, ...object }: StoredObject,
): Promise<StoredObject> {
  const body = { apiVersion: `${group}/${version}`, kind, ...object };
  const { name = '', namespace = '' } = object.metadata;
  const at = { group, version, plural };
  const created: unknown =
    scope === 'Cluster'
      ? await custom.createClusterCustomObject({ ...at, body })
      : await custom.createNamespacedCustomObject({ ...at, namespace, body });
  if (status) {
    const patch = [{ op: 'add', path: '/status', value: status }];
    await custom.patchNamespacedCustomObjectStatus({ ...at, namespace, name, body: patch });
  }
  return created as StoredObject;
}
