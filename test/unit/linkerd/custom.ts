import type { Kubernetes } from '../../../src/kubernetes/client.js';
import type { CustomObject } from '../../../src/kubernetes/custom.js';
import { KubernetesError } from '../../../src/kubernetes/errors.js';

const failure = (kind: 'NotFound' | 'Forbidden') => new KubernetesError({ kind, request: 'test', message: kind });

/** A cluster with these custom resources, by `plural.version.group`; `forbidden`: they may not be listed; and gateways in these namespaces. */
export function clusterWith(
  resources: Record<string, CustomObject[] | 'forbidden'>,
  gateways: readonly string[] = [],
): Kubernetes {
  const custom = {
    getAPIResources: async ({ group, version }: { group: string; version: string }) => {
      const names = Object.keys(resources).filter((name) => name.endsWith(`.${version}.${group}`));
      if (names.length === 0) throw failure('NotFound');
      return await Promise.resolve({ resources: names.map((name) => ({ name: name.split('.')[0] })) });
    },
    listClusterCustomObject: async ({ group, version, plural }: Record<'group' | 'version' | 'plural', string>) => {
      const items = resources[`${plural}.${version}.${group}`];
      if (items === 'forbidden') throw failure('Forbidden');
      return await Promise.resolve({ items, metadata: {} });
    },
  };
  const list = (items: object[]) => async () => await Promise.resolve({ items });
  return {
    custom,
    apps: {
      listDeploymentForAllNamespaces: list(
        gateways.map((namespace) => ({ metadata: { namespace, name: 'linkerd-gateway' } })),
      ),
    },
    core: { listNamespace: list([{ metadata: { name: 'linkerd-multicluster' } }]) },
  } as unknown as Kubernetes;
}
