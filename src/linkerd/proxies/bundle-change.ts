import { StateError } from '../../ground/state-error.js';
import type { V1ManagedFieldsEntry } from '@kubernetes/client-node';
import type { Kubernetes } from '../../kubernetes/client.js';
import { TRUST_ROOTS, TRUST_ROOTS_KEY } from '../names.js';

/**
 * Proxies of the control plane take their anchors from the ConfigMap when their container is started, and up to Linkerd
 * 2.11 cannot be asked for them (docs/development/linkerd.md, "How a proxy tells its anchors"). A container that was
 * started after the bundle's last change has the bundle as it is now; of one started earlier nothing is known.
 */

/** The bundle, and since when it is as it is. */
export interface BundleState {
  pem: string;
  changedAt: Date;
}

/**
 * How much later than the change a start must be, in milliseconds. Both times have whole seconds, so the same second
 * tells nothing; the rest is for clocks of node and API server that differ, and for the kubelet's own cache of ConfigMaps.
 */
export const CERTAIN_AFTER_MS = 3000;

/** @throws Error when the API server keeps no record of who wrote the bundle last */
export async function readBundleState(k8s: Kubernetes, namespace: string): Promise<BundleState> {
  const { metadata, data } = await k8s.core.readNamespacedConfigMap({ name: TRUST_ROOTS, namespace });
  const changedAt = fieldChangedAt(metadata?.managedFields ?? [], TRUST_ROOTS_KEY);
  if (!changedAt) {
    throw new StateError(
      'BundleChangeUnknown',
      `the managedFields of ConfigMap ${TRUST_ROOTS} do not say when its bundle was changed`,
      'write the ConfigMap once with `kubectl apply`, so that they do',
    );
  }
  return { pem: data?.[TRUST_ROOTS_KEY] ?? '', changedAt };
}

/**
 * When a key of an object's data was written last: the newest entry that owns it. An entry's time moves with any of its
 * manager's fields, so the answer may be later than the truth, never earlier.
 */
export function fieldChangedAt(managedFields: readonly V1ManagedFieldsEntry[], key: string): Date | undefined {
  const times = managedFields
    .filter(({ fieldsV1 }) => ownsData(fieldsV1, key))
    .flatMap(({ time }) => (time ? [new Date(time).getTime()] : []));
  return times.length > 0 ? new Date(Math.max(...times)) : undefined;
}

function ownsData(fields: object | undefined, key: string): boolean {
  const data: unknown = fields && 'f:data' in fields ? fields['f:data'] : undefined;
  return typeof data === 'object' && data !== null && `f:${key}` in data;
}

/** Whether a container that was started then has certainly read the bundle as it is since `changedAt`. */
export function startedWithBundle(startedAt: Date, changedAt: Date): boolean {
  return startedAt.getTime() - changedAt.getTime() >= CERTAIN_AFTER_MS;
}

/**
 * Milliseconds to wait before containers are started, so that their start is certainly later than the change: a workload
 * is rolled once a phase, and a start too close to the change would have to be repeated.
 */
export function untilCertain(changedAt: Date, now: Date): number {
  return Math.min(CERTAIN_AFTER_MS, Math.max(0, changedAt.getTime() + CERTAIN_AFTER_MS - now.getTime()));
}
