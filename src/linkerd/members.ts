import type { Member } from '../ground/mesh.js';
import { plain } from '../ground/plain.js';
import { present } from '../ground/present.js';
import type { Kubernetes } from '../kubernetes/client.js';
import { EXTENSION_LABEL } from './names.js';
import { type CustomObject, type CustomResource, listCustom, servedVersion } from '../kubernetes/custom.js';

const KINDS = ['ExternalWorkload', 'Link'] as const;
/** Where Linkerd keeps them (docs/development/linkerd.md, "Members that are no pods"); the newest version first. */
const RESOURCES: Record<(typeof KINDS)[number], Omit<CustomResource, 'version'> & { versions: readonly string[] }> = {
  ExternalWorkload: { group: 'workload.linkerd.io', plural: 'externalworkloads', versions: ['v1beta1', 'v1alpha1'] },
  Link: { group: 'multicluster.linkerd.io', plural: 'links', versions: ['v1alpha3', 'v1alpha2', 'v1alpha1'] },
};

/** VMs in the mesh, links to other clusters, and gateways by which others come. */
export async function readMembers(k8s: Kubernetes): Promise<Member[]> {
  const found = await Promise.all(
    KINDS.map(async (kind) => {
      const resource = await servedVersion(k8s, RESOURCES[kind]);
      return resource ? await listCustom(k8s, resource, undefined, (item) => memberOf(kind, item)) : [];
    }),
  );
  return [...found.flat(), ...(await readGateways(k8s))];
}

/** Those of the resources that this cluster has: what has to be listed. */
export async function memberResources(k8s: Kubernetes): Promise<CustomResource[]> {
  const served = await Promise.all(KINDS.map(async (kind) => await servedVersion(k8s, RESOURCES[kind])));
  return served.filter((resource) => resource !== undefined);
}

/** By their Deployments, which the extension's chart labels so: a Service of the same name stands before each. */
async function readGateways(k8s: Kubernetes): Promise<Member[]> {
  const { items } = await k8s.apps.listDeploymentForAllNamespaces({ labelSelector: 'component=gateway' });
  const running = items.filter(({ spec }) => (spec?.replicas ?? 1) > 0);
  if (running.length === 0) return [];
  // that label is anybody's, and that of a namespace its owner's
  const namespaces = await k8s.core.listNamespace({ labelSelector: `${EXTENSION_LABEL}=multicluster` });
  const names = new Set(namespaces.items.map(({ metadata }) => metadata?.name));
  return running.flatMap(({ metadata: { namespace = '', name = '' } = {} }) =>
    names.has(namespace) ? [{ kind: 'Service' as const, namespace, name }] : [],
  );
}

function memberOf(kind: Member['kind'], { metadata, spec }: CustomObject): Member {
  const { targetClusterName } = (spec ?? {}) as { targetClusterName?: unknown };
  const cluster = typeof targetClusterName === 'string' ? plain(targetClusterName) : undefined;
  return { kind, namespace: metadata?.namespace ?? '', name: metadata?.name ?? '', ...present({ cluster }) };
}
