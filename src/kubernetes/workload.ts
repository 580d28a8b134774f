import type { V1ObjectMeta, V1PodTemplateSpec } from '@kubernetes/client-node';
import type { WorkloadSnapshot } from '../ground/workload.js';
import type { PatchOperation } from './patch.js';

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
  /**
   * Where a time is written at which its controller is to replace its pods. Such a workload carries the mark itself;
   * its template is touched only when it has to change anyway.
   */
  restartPath?: readonly string[];
  /** What has to change in its template beside the mark, each with its own `test`. */
  edits: PatchOperation[];
}

/** How a listing reads templates, and how a roll marks them. */
export interface WorkloadReading {
  /** Names of the annotations that a roll writes. */
  mark: string;
  markedAt: string;
  /** What has to change in a pod template. Default: nothing. */
  edits?(template: V1PodTemplateSpec | undefined, path: readonly string[]): PatchOperation[];
}

export const TEMPLATE = ['spec', 'template'] as const;

export function common(
  kind: string,
  metadata: V1ObjectMeta = {},
  template: V1PodTemplateSpec | undefined,
  reading: WorkloadReading,
  templatePath: readonly string[] = TEMPLATE,
): Omit<Workload, 'rolledOut'> {
  const mark = template?.metadata?.annotations?.[reading.mark];
  const markedAt = metadata.annotations?.[reading.markedAt];
  return {
    kind,
    namespace: metadata.namespace ?? '',
    name: metadata.name ?? '',
    uid: metadata.uid ?? '',
    generation: metadata.generation ?? 0,
    templatePath,
    templateAnnotations: template?.metadata?.annotations !== undefined,
    annotations: metadata.annotations !== undefined,
    edits: reading.edits?.(template, templatePath) ?? [],
    replacement: 'rollout',
    ...(mark ? { mark } : {}),
    ...(markedAt ? { markedAt } : {}),
  };
}

export function byEviction(why: string): Pick<Workload, 'replacement' | 'evictionBecause'> {
  return { replacement: 'eviction', evictionBecause: why };
}

export function firstOf(...candidates: (string | false)[]): string | undefined {
  return candidates.find((candidate) => candidate !== false) || undefined;
}
