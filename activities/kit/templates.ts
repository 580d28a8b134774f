import type { WorkloadReading } from '../../src/kubernetes/workload.js';
import { MARK_ANNOTATION, MARKED_AT_ANNOTATION } from '../../src/kubernetes/own-names.js';
import { CONTROL_PLANE_NS_LABEL } from '../../src/linkerd/names.js';
import { templateEdits } from '../../src/linkerd/layouts/template.js';
import { templateScope } from '../../src/rotation/strategies.js';
import type { PhaseInput } from '../../src/rotation/payloads.js';
import type { Bearings } from './dependencies.js';

/** What a phase wants of the anchors that are written out in pod templates. */
export function workloadReading({ linkerd, wanted, target }: Bearings, { phase, course }: PhaseInput): WorkloadReading {
  const scope = templateScope(course, phase);
  const remove = phase === 'retire' ? target.retire : [];
  return {
    mark: MARK_ANNOTATION,
    markedAt: MARKED_AT_ANNOTATION,
    edits: (template, path) =>
      scope !== 'none' && template?.metadata?.labels?.[CONTROL_PLANE_NS_LABEL] === linkerd.namespace
        ? templateEdits(template, path, { add: wanted, remove }, scope)
        : [],
  };
}
