import type { V1ConfigMap } from '@kubernetes/client-node';
import type { Kubernetes } from '../kubernetes/client.js';
import { ifThere } from '../kubernetes/errors.js';
import { present } from '../ground/present.js';
import { APPROVAL_CONFIGMAP, APPROVED_ANNOTATION } from './names.js';

/** An approval that somebody has given with the API server's leave: its audit log says who. */
export interface ClusterApproval {
  /** Of the plan. */
  hash: string;
  /** The program that wrote it, as the API server recorded it. */
  manager?: string;
  /** ISO 8601: when it was written, by the API server's clock. */
  at?: string;
}

/** @returns undefined when nobody has approved anything */
export async function readClusterApproval(
  { core }: Pick<Kubernetes, 'core'>,
  namespace: string,
): Promise<ClusterApproval | undefined> {
  const found = await ifThere(core.readNamespacedConfigMap({ name: APPROVAL_CONFIGMAP, namespace }));
  return found && approvalIn(found);
}

function approvalIn({ metadata }: V1ConfigMap): ClusterApproval | undefined {
  const hash = metadata?.annotations?.[APPROVED_ANNOTATION]?.trim();
  if (!hash) return undefined;
  const writer = metadata?.managedFields?.findLast(({ fieldsV1 }) =>
    JSON.stringify(fieldsV1 ?? {}).includes(`f:${APPROVED_ANNOTATION}`),
  );
  const at = writer?.time && new Date(writer.time).toISOString();
  return { hash, ...present({ manager: writer?.manager, at }) };
}
