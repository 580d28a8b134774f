import type { WorkloadReading } from '../src/kubernetes/workload.js';
import { CONTROL_PLANE_NS_LABEL, MARK_ANNOTATION, MARKED_AT_ANNOTATION } from '../src/linkerd/names.js';
import { templateEdits } from '../src/linkerd/template.js';
import type { RollingPhase } from '../src/rotation/phases.js';
import type { Bearings } from './dependencies.js';

/** What a phase wants of the anchors that are written out in pod templates. */
export function workloadReading({ linkerd, root, target }: Bearings, phase: RollingPhase): WorkloadReading {
  const remove = phase === 'retire' ? target.retire : [];
  return {
    mark: MARK_ANNOTATION,
    markedAt: MARKED_AT_ANNOTATION,
    edits: (template, path) =>
      template?.metadata?.labels?.[CONTROL_PLANE_NS_LABEL] === linkerd.namespace
        ? templateEdits(template, path, { add: [root], remove })
        : [],
  };
}
