import type { V1ObjectMeta } from '@kubernetes/client-node';
import { present } from '../ground/present.js';
import type { Kubernetes } from './client.js';
import { isKubernetesError } from './errors.js';
import { type Listed, listVersioned } from './list.js';

/** A resource that a cluster may or may not have: it comes with somebody's custom resource definition. */
export interface CustomResource {
  group: string;
  version: string;
  plural: string;
}

/** An object of one, as JSON has it; what is in it is for the reader to know. */
export interface CustomObject {
  metadata?: V1ObjectMeta;
  spec?: unknown;
  status?: unknown;
}

interface CustomListMeta {
  continue?: string;
  resourceVersion?: string;
}

/** How long an answer of the API server about what it serves is good for, in milliseconds. */
const ANSWER_LIFE_MS = 60_000;
const answers = new WeakMap<Kubernetes, Map<string, { until: number; served: Promise<boolean> }>>();

/** Whether the API server serves a custom resource. Asked once a minute at most, whoever wants to know. */
export async function isServed(k8s: Kubernetes, resource: CustomResource): Promise<boolean> {
  const known = answers.get(k8s) ?? new Map<string, { until: number; served: Promise<boolean> }>();
  answers.set(k8s, known);
  const key = `${resource.plural}.${resource.version}.${resource.group}`;
  const answer = known.get(key);
  // who has asked may have given up, or have been refused: others ask for themselves
  const before = answer && answer.until > Date.now() ? await answer.served.catch(() => undefined) : undefined;
  if (before !== undefined) return before;
  const served = askWhetherServed(k8s, resource);
  known.set(key, { until: Date.now() + ANSWER_LIFE_MS, served });
  served.catch(() => {
    if (known.get(key)?.served === served) known.delete(key);
  });
  return await served;
}

async function askWhetherServed(k8s: Kubernetes, { group, version, plural }: CustomResource): Promise<boolean> {
  try {
    const { resources } = await k8s.custom.getAPIResources({ group, version });
    return resources.some(({ name }) => name === plural);
  } catch (error) {
    if (isKubernetesError(error, 'NotFound')) return false;
    if (isKubernetesError(error, 'Forbidden')) return true; // nobody may know: the list will tell
    throw error;
  }
}

/** Lists a custom resource of a namespace, or of all; nothing where the cluster does not have it. */
export async function listCustom<R>(
  k8s: Kubernetes,
  resource: CustomResource,
  namespace: string | undefined,
  select: (item: CustomObject) => R | undefined,
): Promise<R[]> {
  return (await listCustomVersioned(k8s, resource, namespace, select)).items;
}

/** The same, for whoever goes on with a watch. */
export async function listCustomVersioned<R>(
  k8s: Kubernetes,
  resource: CustomResource,
  namespace: string | undefined,
  select: (item: CustomObject) => R | undefined,
): Promise<Listed<R>> {
  const none = { items: [], resourceVersion: '' };
  if (!(await isServed(k8s, resource))) return none;
  try {
    return await listVersioned(async (page) => {
      const list: unknown = await (namespace === undefined
        ? k8s.custom.listClusterCustomObject({ ...resource, ...page })
        : k8s.custom.listNamespacedCustomObject({ ...resource, ...page, namespace }));
      const { items, metadata = {} } = list as { items: CustomObject[]; metadata?: CustomListMeta };
      const { continue: token, resourceVersion } = metadata;
      return { items, metadata: present({ _continue: token || undefined, resourceVersion }) };
    }, select);
  } catch (error) {
    if (isKubernetesError(error, 'NotFound')) return none; // removed since it was asked for
    throw error;
  }
}

/** Empty where the cluster has no such resource; undefined where it may not be read: for what is good to know, and no more. */
export async function listIfAllowed<T>(k8s: Kubernetes, resource: CustomResource): Promise<T[] | undefined> {
  try {
    return await listCustom(k8s, resource, undefined, (item) => item as T);
  } catch (error) {
    if (isKubernetesError(error, 'Forbidden')) return undefined;
    throw error;
  }
}

/** The first of the versions of a resource that the API server serves. */
export async function servedVersion(
  k8s: Kubernetes,
  { versions, ...resource }: Omit<CustomResource, 'version'> & { versions: readonly string[] },
): Promise<CustomResource | undefined> {
  for (const version of versions) if (await isServed(k8s, { ...resource, version })) return { ...resource, version };
  return undefined;
}
