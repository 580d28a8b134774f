import type { V1ManagedFieldsEntry, V1ObjectMeta, V1PodTemplateSpec } from '@kubernetes/client-node';
import { LONGEST_SAYING, plain } from '../ground/plain.js';
import { present } from '../ground/present.js';
import type { WorkloadSnapshot } from '../ground/workload.js';
import { CANARY_ANNOTATION, FIELD_MANAGER } from './own-names.js';
import { foreignOwnerOf } from './owners.js';
import type { PatchOperation } from './patch.js';
import { RESTARTED_AT } from './restarted-at.js';

/** A controller whose pod template can be changed. */
export interface Workload extends WorkloadSnapshot {
  namespace: string;
  name: string;
  uid: string;
  generation: number;
  /** Where its pod template is, as parts of a JSON Patch path. */
  templatePath: readonly string[];
  templateAnnotations: boolean;
  annotations: boolean;
  /** The mark on the object itself: it tells of a roll also where somebody has taken the mark off the template. */
  objectMark?: string;
  /** What its template has as the time of its last restart (restarted-at.ts). */
  restartedAt?: string;
  /** Its annotation asks for it to be rolled before the others of its namespace. */
  canary?: true;
  /** Its pods have to carry the mark, also where its restart needs none in the template. */
  marksPods?: true;
  /**
   * Where a time is written at which its controller is to replace its pods. Such a workload carries the mark itself;
   * its template is touched only when it has to change anyway.
   */
  restartPath?: readonly string[];
  /** What has to change in its template beside the mark, each with its own `test`. */
  edits: PatchOperation[];
  /** What changes with it when it is rolled anyway, and is no reason to; the same. */
  alongside?: PatchOperation[];
}

/** How a listing reads templates, and how a roll marks them. */
export interface WorkloadReading {
  /** Names of the annotations that a roll writes. */
  mark: string;
  markedAt: string;
  /** Whether a pod template says that its pods get no proxy. Default: none says so. */
  unmeshed?(template: V1PodTemplateSpec | undefined): boolean;
  /** Whether the pods of a template have to carry the mark. Default: none has to. */
  marksPods?(template: V1PodTemplateSpec | undefined): boolean;
  /** What has to change in a pod template. Default: nothing. */
  edits?(template: V1PodTemplateSpec | undefined, path: readonly string[]): PatchOperation[];
  /** What changes with a pod template that is rolled anyway. Default: nothing. */
  alongside?(template: V1PodTemplateSpec | undefined, path: readonly string[]): PatchOperation[];
}

/** What every kind of controller has, wherever it has it. */
export interface Controller {
  kind: string;
  metadata: V1ObjectMeta | undefined;
  template: V1PodTemplateSpec | undefined;
  /** Default: `spec.template`. */
  templatePath?: readonly string[];
}

export const TEMPLATE = ['spec', 'template'] as const;

/** What is read of a controller in the same way for every kind. */
export function common(controller: Controller, reading: WorkloadReading): Omit<Workload, 'rolledOut'> {
  const { kind, metadata, template, templatePath = TEMPLATE } = controller;
  const annotations = template?.metadata?.annotations;
  return {
    kind,
    ...identifiers(metadata),
    templatePath,
    templateAnnotations: annotations !== undefined,
    annotations: metadata?.annotations !== undefined,
    edits: reading.edits?.(template, templatePath) ?? [],
    replacement: 'rollout',
    ...meshing(template, reading),
    ...marks(controller, reading),
    ...canaryOf(metadata),
    ...present({
      alongside: reading.alongside?.(template, templatePath),
      writers: writersOf(metadata?.managedFields, templatePath),
    }),
  };
}

/** What is written on a workload that belongs to an operator is its restart; its mark is beside it, on the object. */
export function restartsByAnnotation({ owner, restartPath }: Pick<Workload, 'owner' | 'restartPath'>): boolean {
  return owner !== undefined && restartPath === undefined;
}

function marks({ metadata = {}, template }: Controller, reading: WorkloadReading) {
  const onTemplate = template?.metadata?.annotations ?? {};
  const objectMark = said(metadata.annotations?.[reading.mark]);
  const owner = foreignOwnerOf(metadata);
  return present({
    mark: owner ? objectMark : said(onTemplate[reading.mark]),
    markedAt: said(metadata.annotations?.[reading.markedAt]),
    objectMark,
    owner,
    restartedAt: said(onTemplate[RESTARTED_AT]),
    marksPods: reading.marksPods?.(template) ? (true as const) : undefined,
  });
}

/** Field managers that are named; of one template few write. */
const MOST_WRITERS = 3;

/** Who has written a part of the pod template, but for reroot. Managers choose their names themselves. */
function writersOf(
  entries: readonly V1ManagedFieldsEntry[] | undefined,
  templatePath: readonly string[],
): string[] | undefined {
  const found = (entries ?? [])
    .filter(({ manager, fieldsV1 }) => manager !== FIELD_MANAGER && ownsField(fieldsV1, templatePath))
    .toSorted((a, b) => timeOf(b) - timeOf(a))
    .flatMap(({ manager }) => (manager ? [plain(manager)] : []));
  return found.length > 0 ? [...new Set(found)].slice(0, MOST_WRITERS) : undefined;
}

function timeOf({ time }: V1ManagedFieldsEntry): number {
  return time ? new Date(time).getTime() : 0;
}

/** FieldsV1: a nested object with a key `f:<name>` for each field (Kubernetes API concepts, "Server-Side Apply"). */
function ownsField(fields: unknown, path: readonly string[]): boolean {
  const [name, ...rest] = path;
  if (typeof fields !== 'object' || fields === null) return false;
  return name === undefined || ownsField((fields as Record<string, unknown>)[`f:${name}`], rest);
}

/** What a controller, or whoever may write its object, says: one plain line. */
export function said(text: string | undefined): string | undefined {
  return text && plain(text.trim(), LONGEST_SAYING);
}

function meshing(template: V1PodTemplateSpec | undefined, reading: WorkloadReading): Pick<Workload, 'unmeshed'> {
  return reading.unmeshed?.(template) ? { unmeshed: true } : {};
}

function canaryOf({ annotations = {} }: V1ObjectMeta = {}): Pick<Workload, 'canary'> {
  return annotations[CANARY_ANNOTATION] === 'true' ? { canary: true } : {};
}

function identifiers({ namespace = '', name = '', uid = '', generation = 0 }: V1ObjectMeta = {}) {
  return { namespace, name, uid, generation };
}

/** Whether a controller has brought every pod to the newest template, or what it waits for. */
export function progress(waitingFor: string | undefined): Pick<Workload, 'rolledOut' | 'waitingFor'> {
  return { rolledOut: waitingFor === undefined, ...present({ waitingFor }) };
}

/** Pods that only an eviction replaces. */
export function byEviction(why: string): Pick<Workload, 'replacement' | 'evictionBecause'> {
  return { replacement: 'eviction', evictionBecause: why };
}

/** The first that holds of what a controller may wait for. */
export function firstOf(...candidates: (string | false)[]): string | undefined {
  return candidates.find((candidate) => candidate !== false) || undefined;
}

/** Numbers of a status, of which the API server leaves out those that are zero. */
export function counts<K extends string>(
  status: { readonly [key in K]?: number } | undefined,
  ...names: readonly K[]
): Record<K, number> {
  return Object.fromEntries(names.map((name) => [name, status?.[name] ?? 0])) as Record<K, number>;
}

export const UNSEEN = 'the controller has not seen the change yet';

export function oldPodsRemain(count: number): string {
  return count === 1 ? '1 old pod remains' : `${count} old pods remain`;
}
