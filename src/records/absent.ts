import type { Kubernetes } from '../kubernetes/client.js';
import { ifThere, isKubernetesError } from '../kubernetes/errors.js';
import { EVIDENCE_CONFIGMAPS, LEASE, REPORT_CONFIGMAP, ROOT_SECRET, ROTATION_SECRET } from './names.js';

/** One of the objects that reroot writes and that are its own. */
export interface OwnName {
  kind: 'Secret' | 'ConfigMap' | 'Lease';
  name: string;
}

const OWN: readonly OwnName[] = [
  { kind: 'Secret', name: ROTATION_SECRET },
  { kind: 'Secret', name: ROOT_SECRET },
  ...[REPORT_CONFIGMAP, ...EVIDENCE_CONFIGMAPS].map((name) => ({ kind: 'ConfigMap' as const, name })),
  { kind: 'Lease', name: LEASE },
];

/** Those that are not there: to make them needs a right. One that may not be read counts as there. */
export async function absentObjects(k8s: Kubernetes, namespace: string): Promise<OwnName[]> {
  const found = await Promise.all(OWN.map(async (own) => await isThere(k8s, namespace, own)));
  return OWN.filter((_, index) => !found[index]);
}

async function isThere({ core, coordination }: Kubernetes, namespace: string, { kind, name }: OwnName) {
  const reads = {
    Secret: async () => await core.readNamespacedSecret({ name, namespace }),
    ConfigMap: async () => await core.readNamespacedConfigMap({ name, namespace }),
    Lease: async () => await coordination.readNamespacedLease({ name, namespace }),
  };
  try {
    return (await ifThere(reads[kind]())) !== undefined;
  } catch (error) {
    if (isKubernetesError(error, 'Forbidden')) return true;
    throw error;
  }
}
