import type { V1PodTemplateSpec } from '@kubernetes/client-node';
import { MARK_ANNOTATION, MARKED_AT_ANNOTATION } from '../../src/kubernetes/own-names.js';
import type { WorkloadReading } from '../../src/kubernetes/workload.js';
import { hashEdits, templateEdits } from '../../src/linkerd/layouts/template.js';
import { COMPONENT_LABEL, CONTROL_PLANE_NS_LABEL, INJECT_ANNOTATION } from '../../src/linkerd/names.js';
import type { PhaseContext } from './stored-rotation.js';

/** What a phase wants of the anchors that are written out in pod templates. */
export function workloadReading({ linkerd, wanted, target, row, anchorsHash }: PhaseContext): WorkloadReading {
  const { templates } = row;
  const remove = row.retired ? target.retired.map(({ fingerprint }) => fingerprint) : [];
  const isOurs = (template: V1PodTemplateSpec | undefined): boolean =>
    template?.metadata?.labels?.[CONTROL_PLANE_NS_LABEL] === linkerd.namespace;
  return {
    mark: MARK_ANNOTATION,
    markedAt: MARKED_AT_ANNOTATION,
    unmeshed: (template) => template?.metadata?.annotations?.[INJECT_ANNOTATION] === 'disabled',
    // identity tells by the mark on its pod that it was started in this rotation (src/rotation/gates.ts)
    marksPods: (template) => template?.metadata?.labels?.[COMPONENT_LABEL] !== undefined,
    edits: (template, path) =>
      templates !== 'none' && isOurs(template) ? templateEdits(template, path, { add: wanted, remove }, templates) : [],
    alongside: (template, path) => (isOurs(template) ? hashEdits(template, path, anchorsHash) : []),
  };
}
