import { restartTime } from './argo-rollouts.js';
import type { Kubernetes } from './client.js';
import { isKubernetesError } from './errors.js';
import { isLostRace, type PatchOperation, pointer } from './patch.js';
import type { Workload, WorkloadReading } from './workload.js';
import { KINDS, type WorkloadKind } from './workload-kinds.js';

const BY_NAME: ReadonlyMap<string, WorkloadKind> = new Map(Object.entries(KINDS));

/** Whether workloads of a kind are listed and rolled. */
export function isWorkloadKind(kind: string): boolean {
  return BY_NAME.has(kind);
}

/** Every controller with a pod template of a namespace, or of all; those owned by another controller are left out. */
export async function listWorkloads(
  k8s: Kubernetes,
  namespace: string | undefined,
  reading: WorkloadReading,
  kinds: ReadonlySet<string> = new Set(BY_NAME.keys()),
): Promise<Workload[]> {
  const wanted = [...BY_NAME].filter(([name]) => kinds.has(name));
  return (await Promise.all(wanted.map(async ([, kind]) => await kind.list(k8s, namespace, reading)))).flat();
}

/** How a workload is rolled. */
export interface Roll {
  reading: WorkloadReading;
  /** What the mark's annotation gets. */
  mark: string;
  /** Who writes, for managedFields. */
  manager: string;
}

/**
 * Changes a workload's template: the mark, as `kubectl rollout restart` does by an annotation, and its edits; or sets the
 * time of its restart, where its controller has one. The mark is the same for every try, so a second patch changes
 * nothing; the generation is tested, so a template that somebody changed meanwhile is looked at again first.
 * @returns false when the workload changed since it was read
 */
export async function rollWorkload(k8s: Kubernetes, workload: Workload, roll: Roll): Promise<boolean> {
  const { name, namespace, kind } = workload;
  try {
    await BY_NAME.get(kind)?.patch(k8s, {
      name,
      namespace,
      body: rollOperations(workload, roll, new Date()),
      fieldManager: roll.manager,
    });
    return true;
  } catch (error) {
    if (isLostRace(error)) return false;
    throw error;
  }
}

/** The operations of a roll: the workload is still the one that was read, then its pods, then its marks. */
export function rollOperations(workload: Workload, { reading, mark }: Roll, now: Date): PatchOperation[] {
  const { uid, generation, restartPath, edits, annotations } = workload;
  const byTemplate = restartPath === undefined || edits.length > 0;
  return [
    { op: 'test', path: '/metadata/uid', value: uid },
    ...(generation > 0 ? [{ op: 'test' as const, path: '/metadata/generation', value: generation }] : []),
    ...edits,
    ...(byTemplate ? markTemplate(workload, reading.mark, mark) : []),
    ...(annotations ? [] : [add(['metadata', 'annotations'], {})]),
    ...(restartPath ? [add(['metadata', 'annotations', reading.mark], mark)] : []),
    ...(byTemplate ? [] : [add(restartPath, restartTime(now))]),
    add(['metadata', 'annotations', reading.markedAt], now.toISOString()),
  ];
}

function markTemplate({ templatePath, templateAnnotations }: Workload, name: string, mark: string): PatchOperation[] {
  const annotations = [...templatePath, 'metadata', 'annotations'];
  return [...(templateAnnotations ? [] : [add(annotations, {})]), add([...annotations, name], mark)];
}

/**
 * Evicts a pod, so that its PodDisruptionBudget has a say.
 * @returns why it may not go now, in the API server's words; undefined when it goes
 */
export async function evictPod(
  k8s: Kubernetes,
  { namespace, name, uid }: { namespace: string; name: string; uid: string },
): Promise<string | undefined> {
  try {
    await k8s.core.createNamespacedPodEviction({
      name,
      namespace,
      body: { metadata: { name, namespace }, deleteOptions: { preconditions: { uid } } },
    });
    return undefined;
  } catch (error) {
    if (!isKubernetesError(error)) throw error;
    if (error.status === 429) return error.message;
    if (error.kind === 'NotFound' || error.kind === 'Conflict') return undefined; // gone, or another pod by now
    throw error;
  }
}

function add(path: readonly string[], value: unknown): PatchOperation {
  return { op: 'add', path: pointer(...path), value };
}
