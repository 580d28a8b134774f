import { type CustomResource, isServed } from '../../src/kubernetes/custom.js';
import type { Kubernetes } from '../../src/kubernetes/client.js';
import type { Permission } from '../../src/kubernetes/permissions.js';
import { CERTIFICATES } from '../../src/linkerd/cert-manager/certificate.js';
import { CONTROL_PLANES, ROTATIONS } from '../../src/linkerd/writers/buoyant.js';
import { BUNDLES, CLUSTER_BUNDLES } from '../../src/linkerd/writers/trust-manager.js';
import { TIMELINE_CONFIGMAP } from '../../src/records/names.js';

/** What a rotation does without, and does better with. */

const CORE = 'deploy/rbac/core.yaml';

/** Resources that tell who else writes certificates, with the file that lets reroot list them. */
const WRITERS: readonly (CustomResource & { file: string })[] = [
  ...[CERTIFICATES, BUNDLES, CLUSTER_BUNDLES].map((one) => ({ ...one, file: 'deploy/rbac/cert-manager.yaml' })),
  ...[ROTATIONS, CONTROL_PLANES].map((one) => ({ ...one, file: 'deploy/rbac/buoyant.yaml' })),
];

/** @param namespace that of Linkerd */
export async function optionalPermissions(k8s: Kubernetes, namespace: string): Promise<Permission[]> {
  return [...(await writerPermissions(k8s)), ...watchPermissions(), ...tellingPermissions(namespace)];
}

/** Of those that the cluster has. */
export async function writerPermissions(k8s: Kubernetes): Promise<Permission[]> {
  const served = await Promise.all(WRITERS.map(async (one) => ((await isServed(k8s, one)) ? [one] : [])));
  return served.flat().map(({ group, plural, file }) => ({
    ...{ verb: 'list', group, resource: plural, file },
    neededFor: 'knowing who else writes the certificates',
  }));
}

/** What a rollout over many namespaces is followed by; without it, everything is listed again at each look. */
export function watchPermissions(): Permission[] {
  const neededFor = 'following a rollout without listing everything again';
  const watch = { verb: 'watch', neededFor, file: CORE };
  return [
    { ...watch, group: '', resource: 'pods' },
    { ...watch, group: 'apps', resource: 'deployments' },
    { ...watch, group: 'apps', resource: 'replicasets' },
  ];
}

/** What others see of a rotation. */
function tellingPermissions(namespace: string): Permission[] {
  const event = { group: '', resource: 'events', namespace, file: 'deploy/rbac/events.yaml' };
  const timeline = { group: '', resource: 'configmaps', namespace, name: TIMELINE_CONFIGMAP, file: CORE };
  return [
    ...['create', 'get', 'patch'].map((verb) => ({ ...event, verb, neededFor: 'Events for those who watch' })),
    ...['get', 'patch'].map((verb) => ({ ...timeline, verb, neededFor: 'the picture over time' })),
  ];
}
