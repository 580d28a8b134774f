import { ROLLOUTS } from '../../src/kubernetes/argo-rollouts.js';
import type { Kubernetes } from '../../src/kubernetes/client.js';
import { type CustomResource, isServed } from '../../src/kubernetes/custom.js';
import type { Permission } from '../../src/kubernetes/permissions.js';
import { KINDS } from '../../src/kubernetes/workload-kinds.js';
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
  return [...(await writerPermissions(k8s)), ...(await everyWatch(k8s)), ...tellingPermissions(namespace)];
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
  return [watching('', 'pods'), watching('apps', 'deployments'), watching('apps', 'replicasets')];
}

/** The same, of every kind of workload that the cluster has: those beyond are watched when there is something to do for one. */
async function everyWatch(k8s: Kubernetes): Promise<Permission[]> {
  const rollouts = await isServed(k8s, ROLLOUTS);
  const kinds = Object.values(KINDS).filter(({ custom }) => !custom || rollouts);
  return [watching('', 'pods'), ...kinds.map(({ group, plural, custom }) => watching(group, plural, custom))];
}

function watching(group: string, resource: string, custom = false): Permission {
  const file = custom ? 'deploy/rbac/rollouts.yaml' : CORE;
  return { verb: 'watch', group, resource, file, neededFor: 'following a rollout without listing everything again' };
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
