import { restartTime } from './argo-rollouts.js';
import type { Kubernetes } from './client.js';
import { isKubernetesError } from './errors.js';
import type { Source } from './mirror.js';
import { isLostRace, type PatchOperation, pointer } from './patch.js';
import { RESTARTED_AT, restartedAt } from './restarted-at.js';
import { restartsByAnnotation, type Workload, type WorkloadReading } from './workload.js';
import { KINDS, type WorkloadKind } from './workload-kinds.js';

const BY_NAME: ReadonlyMap<string, WorkloadKind> = new Map(Object.entries(KINDS));

/** The kinds that are listed and rolled. */
export const WORKLOAD_KINDS: readonly string[] = [...BY_NAME.keys()];

/** Whether workloads of a kind are listed and rolled. */
export function isWorkloadKind(kind: string): boolean {
  return BY_NAME.has(kind);
}

/** Every controller with a pod template of a namespace, or of all; those that another of them rolls or runs are left out. */
export async function listWorkloads(
  k8s: Kubernetes,
  namespace: string | undefined,
  reading: WorkloadReading,
  kinds: ReadonlySet<string> = new Set(WORKLOAD_KINDS),
): Promise<Workload[]> {
  const wanted = [...BY_NAME].filter(([name]) => kinds.has(name));
  const lists = await Promise.all(wanted.map(async ([, kind]) => await kind.list(k8s, namespace, reading)));
  return lists.flatMap(({ items }) => items);
}

/** Those of a kind in all namespaces, for a watch. */
export function workloadSource(k8s: Kubernetes, kind: string, reading: WorkloadReading): Source<Workload> | undefined {
  return BY_NAME.get(kind)?.source(k8s, reading);
}

/** How a workload is rolled. */
export interface Roll {
  reading: WorkloadReading;
  /** What the mark's annotation gets. */
  mark: string;
  /** Who writes, for managedFields. */
  manager: string;
}

/** A roll or an eviction that the API server refuses, in its words. */
export interface Refused {
  refused: string;
  /** It stays so until somebody changes something. */
  final: boolean;
  /** A PodDisruptionBudget has refused it. */
  budget: boolean;
}

export type Rolled = 'rolled' | 'gone' | 'changed' | Refused;

/**
 * Changes a workload's template: the mark, as `kubectl rollout restart` does by an annotation, and its edits; or sets the
 * time of its restart, where its controller has one, or an operator owns it. The mark is the same for every try, so a second patch changes
 * nothing; the generation is tested, so a template that somebody changed meanwhile is looked at again first.
 * @returns `changed` when the workload changed since it was read, `gone` when it was deleted, or why it is refused
 * @throws KubernetesError for what says nothing about this workload: no answer, a busy server, a worker without access
 */
export async function rollWorkload(k8s: Kubernetes, workload: Workload, roll: Roll): Promise<Rolled> {
  const { name, namespace, kind } = workload;
  try {
    await BY_NAME.get(kind)?.patch(k8s, {
      name,
      namespace,
      body: rollOperations(workload, roll, new Date()),
      fieldManager: roll.manager,
    });
    return 'rolled';
  } catch (error) {
    if (isLostRace(error)) return 'changed';
    if (isKubernetesError(error, 'NotFound')) return 'gone';
    return refusal(error);
  }
}

/** The operations of a roll: the workload is still the one that was read, then its pods, then its marks. */
export function rollOperations(workload: Workload, { reading, mark }: Roll, now: Date): PatchOperation[] {
  const { uid, generation, restartPath, edits, alongside = [], annotations } = workload;
  const byTime = restartPath !== undefined && edits.length === 0;
  return [
    { op: 'test', path: '/metadata/uid', value: uid },
    ...(generation > 0 ? [{ op: 'test' as const, path: '/metadata/generation', value: generation }] : []),
    ...edits,
    ...(byTime ? [] : [...alongside, ...annotateTemplate(workload, templateMarks(workload, reading.mark, mark, now))]),
    ...(annotations ? [] : [add(['metadata', 'annotations'], {})]),
    add(['metadata', 'annotations', reading.mark], mark),
    ...(byTime ? [add(restartPath, restartTime(now))] : []),
    add(['metadata', 'annotations', reading.markedAt], now.toISOString()),
  ];
}

/**
 * The template of an operator's gets what the operator leaves alone, and not the mark: that would be put back, which changes
 * the template once more, and its pods would be replaced twice.
 */
function templateMarks(workload: Workload, name: string, mark: string, now: Date): Record<string, string> {
  if (!restartsByAnnotation(workload)) return { [name]: mark };
  return { [RESTARTED_AT]: restartedAt(mark, now), ...(workload.marksPods ? { [name]: mark } : {}) };
}

function annotateTemplate(
  { templatePath, templateAnnotations }: Workload,
  values: Record<string, string>,
): PatchOperation[] {
  const annotations = [...templatePath, 'metadata', 'annotations'];
  return [
    ...(templateAnnotations ? [] : [add(annotations, {})]),
    ...Object.entries(values).map(([name, value]) => add([...annotations, name], value)),
  ];
}

/**
 * Evicts a pod, so that its PodDisruptionBudget has a say.
 * @returns why it may not go now, in the API server's words; undefined when it goes
 * @throws KubernetesError for what says nothing about this pod: no answer, a busy server, a worker without access
 */
export async function evictPod(
  k8s: Kubernetes,
  { namespace, name, uid }: { namespace: string; name: string; uid: string },
): Promise<Refused | undefined> {
  try {
    await k8s.core.createNamespacedPodEviction({
      name,
      namespace,
      body: { metadata: { name, namespace }, deleteOptions: { preconditions: { uid } } },
    });
    return undefined;
  } catch (error) {
    if (isKubernetesError(error, 'NotFound', 'Conflict')) return undefined; // gone, or another pod by now
    if (isKubernetesError(error) && (error.status === 429 || error.message.includes(TWO_BUDGETS))) {
      return { refused: error.message, final: error.status !== 429, budget: true };
    }
    return refusal(error);
  }
}

/** kubernetes pkg/registry/core/pod/storage/eviction.go: answered 500, as long as there are two. */
const TWO_BUDGETS = 'more than one PodDisruptionBudget';

/** What an answer says about one object: of an admission policy, or of a webhook that cannot be asked. */
function refusal(error: unknown): Refused {
  if (!isKubernetesError(error) || error.kind === 'Unauthorized') throw error;
  const { message, transient } = error;
  const ofWebhook = error.kind === 'Unavailable' && message.includes('webhook');
  if (transient && !ofWebhook) throw error;
  return { refused: message, final: !transient, budget: false };
}

function add(path: readonly string[], value: unknown): PatchOperation {
  return { op: 'add', path: pointer(...path), value };
}
