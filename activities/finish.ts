import type { V1Secret } from '@kubernetes/client-node';
import { isKubernetesError } from '../src/kubernetes/errors.js';
import type { Kubernetes } from '../src/kubernetes/client.js';
import { pointer, unchanged, withFreshRead } from '../src/kubernetes/patch.js';
import { detectLinkerd } from '../src/linkerd/detect.js';
import { encode } from '../src/kubernetes/base64.js';
import { FIELD_MANAGER, MANAGED_BY_LABEL } from '../src/kubernetes/own-names.js';
import { REPORT_CONFIGMAP, ROOT_SECRET, ROTATION_SECRET } from '../src/records/names.js';
import { readRotationSecret, type RotationSecret, SECRET_KEYS } from '../src/records/rotation-secret.js';
import type { RotationReport } from '../src/rotation/report.js';
import type { StepInput } from '../src/rotation/payloads.js';
import type { Dependencies } from './kit/dependencies.js';

/**
 * finish: the new root moves to its lasting Secret (with its key if it is to be kept), the rotation's Secret with the
 * old issuer goes, the report is written. Each part is skipped when it is done already.
 */
export async function finish({ k8s }: Dependencies, input: StepInput & { report: RotationReport }): Promise<void> {
  const { namespace } = await detectLinkerd(k8s, input.linkerdNamespace);
  const rotation = await readRotationSecret(k8s, namespace);
  if (rotation) {
    const isNewRoot = rotation.retire.length > 0 && input.report.outcome === 'completed';
    if (isNewRoot) await keepRoot(k8s, namespace, rotation);
    await deleteRotationSecret(k8s, namespace, rotation);
  }
  await writeReport(k8s, namespace, input.report);
}

/** abort before anything was written: the new root and its issuer go, if they were made at all. */
export async function discard({ k8s }: Dependencies, input: StepInput): Promise<void> {
  const { namespace } = await detectLinkerd(k8s, input.linkerdNamespace);
  const rotation = await readRotationSecret(k8s, namespace);
  if (rotation) await deleteRotationSecret(k8s, namespace, rotation);
}

async function keepRoot(k8s: Kubernetes, namespace: string, rotation: RotationSecret): Promise<void> {
  const data: Record<string, string> = {
    [SECRET_KEYS.root]: encode(rotation.root.pem),
    ...(rotation.rootKeyPem ? { [SECRET_KEYS.rootKey]: encode(rotation.rootKeyPem) } : {}),
  };
  await createOrReplaceData(
    async () =>
      await k8s.core.createNamespacedSecret({
        namespace,
        fieldManager: FIELD_MANAGER,
        body: { metadata: ownMetadata(ROOT_SECRET), type: 'Opaque', data },
      }),
    async () => await k8s.core.readNamespacedSecret({ name: ROOT_SECRET, namespace }),
    async (body) =>
      await k8s.core.patchNamespacedSecret({ name: ROOT_SECRET, namespace, body, fieldManager: FIELD_MANAGER }),
    data,
  );
}

async function deleteRotationSecret(
  k8s: Kubernetes,
  namespace: string,
  { secret }: { secret: V1Secret },
): Promise<void> {
  const resourceVersion = secret.metadata?.resourceVersion;
  const preconditions = resourceVersion ? { resourceVersion } : {};
  await k8s.core
    .deleteNamespacedSecret({ name: ROTATION_SECRET, namespace, body: { preconditions } })
    .catch((error: unknown) => {
      if (!isKubernetesError(error, 'NotFound')) throw error;
    });
}

async function writeReport(k8s: Kubernetes, namespace: string, report: RotationReport): Promise<void> {
  const data = { 'report.json': `${JSON.stringify(report, null, 2)}\n` };
  await createOrReplaceData(
    async () =>
      await k8s.core.createNamespacedConfigMap({
        namespace,
        fieldManager: FIELD_MANAGER,
        body: { metadata: ownMetadata(REPORT_CONFIGMAP), data },
      }),
    async () => await k8s.core.readNamespacedConfigMap({ name: REPORT_CONFIGMAP, namespace }),
    async (body) =>
      await k8s.core.patchNamespacedConfigMap({ name: REPORT_CONFIGMAP, namespace, body, fieldManager: FIELD_MANAGER }),
    data,
  );
}

function ownMetadata(name: string) {
  return { name, labels: { [MANAGED_BY_LABEL]: FIELD_MANAGER } };
}

/** For objects that are reroot's own: the last rotation's data replaces all of the one before. */
async function createOrReplaceData(
  create: () => Promise<unknown>,
  read: () => Promise<V1Secret>,
  patch: (body: unknown[]) => Promise<unknown>,
  data: Record<string, string>,
): Promise<void> {
  try {
    await create();
  } catch (error) {
    if (!isKubernetesError(error, 'AlreadyExists')) throw error;
    await withFreshRead(async () => {
      const { metadata } = await read();
      await patch([unchanged(metadata), { op: 'add', path: pointer('data'), value: data }]);
    });
  }
}
