import type { Member } from '../ground/mesh.js';
import { plain } from '../ground/plain.js';
import { present } from '../ground/present.js';
import type { Kubernetes } from '../kubernetes/client.js';
import { type CustomObject, type CustomResource, listCustom, servedVersion } from '../kubernetes/custom.js';

/** Where Linkerd keeps them (docs/development/linkerd.md, "Members that are no pods"); the newest version first. */
const RESOURCES: Record<Member['kind'], Omit<CustomResource, 'version'> & { versions: readonly string[] }> = {
  ExternalWorkload: { group: 'workload.linkerd.io', plural: 'externalworkloads', versions: ['v1beta1', 'v1alpha1'] },
  Link: { group: 'multicluster.linkerd.io', plural: 'links', versions: ['v1alpha3', 'v1alpha2', 'v1alpha1'] },
};
const KINDS = ['ExternalWorkload', 'Link'] as const;

/** VMs in the mesh, and links to other clusters. */
export async function readMembers(k8s: Kubernetes): Promise<Member[]> {
  const found = await Promise.all(
    KINDS.map(async (kind) => {
      const resource = await servedVersion(k8s, RESOURCES[kind]);
      return resource ? await listCustom(k8s, resource, undefined, (item) => memberOf(kind, item)) : [];
    }),
  );
  return found.flat();
}

/** Those of the resources that this cluster has: what has to be listed. */
export async function memberResources(k8s: Kubernetes): Promise<CustomResource[]> {
  const served = await Promise.all(KINDS.map(async (kind) => await servedVersion(k8s, RESOURCES[kind])));
  return served.filter((resource) => resource !== undefined);
}

function memberOf(kind: Member['kind'], { metadata, spec }: CustomObject): Member {
  const { targetClusterName } = (spec ?? {}) as { targetClusterName?: unknown };
  const cluster = typeof targetClusterName === 'string' ? plain(targetClusterName) : undefined;
  return { kind, namespace: metadata?.namespace ?? '', name: metadata?.name ?? '', ...present({ cluster }) };
}
