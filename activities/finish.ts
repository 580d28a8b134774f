import type { Kubernetes } from '../src/kubernetes/client.js';
import { detectLinkerd } from '../src/linkerd/detect.js';
import { writeReport } from '../src/records/report.js';
import { keepRoot } from '../src/records/root-secret.js';
import { emptyRotationSecret, readRotationSecret, type RotationSecret } from '../src/records/rotation-secret.js';
import type { DiscardResult, StepInput } from '../src/rotation/payloads.js';
import type { RotationReport } from '../src/rotation/report.js';
import type { Dependencies } from './kit/dependencies.js';
import { fence } from './kit/fence.js';
import { lookAt } from './kit/look.js';

/**
 * finish: the root in use moves to its lasting Secret (with its key if it is to be kept), the rotation's Secret with the
 * old issuer is emptied, the report is written. Each part is skipped when it is done already.
 */
export async function finish(dependencies: Dependencies, input: StepInput & { report: RotationReport }): Promise<void> {
  await fence(dependencies, input);
  const { k8s } = dependencies;
  const { namespace } = await detectLinkerd(k8s, input.linkerdNamespace);
  const rotation = await readRotationSecret(k8s, namespace);
  if (rotation) {
    if (input.report.outcome === 'completed') await keepRootInUse(k8s, namespace, rotation);
    await emptyRotationSecret(k8s, namespace, rotation);
  }
  await writeReport(k8s, namespace, input.report);
}

/**
 * A new root, as made; after a rotation of the issuer alone the root of the start where it was the issuer itself (a default
 * `linkerd install`): the issuer Secret held its key, and this is the last copy.
 */
async function keepRootInUse(k8s: Kubernetes, namespace: string, rotation: RotationSecret): Promise<void> {
  const { retire, root, previous } = rotation;
  if (retire.length > 0) return await keepRoot(k8s, namespace, rotation);
  if (previous.issuer.fingerprint !== root.fingerprint) return;
  await keepRoot(k8s, namespace, { root, rootKeyPem: previous.issuerKeyPem });
}

/**
 * abort before this run has written anything: the new root and its issuer go, if they were made at all and nothing in the
 * mesh refers to them. Otherwise nothing is deleted, and the result says what there is to go back from.
 * @throws RecordError `RotationSecretDamaged`: nothing is deleted then either
 */
export async function discard(dependencies: Dependencies, input: StepInput): Promise<DiscardResult> {
  await fence(dependencies, input);
  const { k8s } = dependencies;
  const linkerd = await detectLinkerd(k8s, input.linkerdNamespace);
  const rotation = await readRotationSecret(k8s, linkerd.namespace);
  if (!rotation) return { discarded: true };
  const { facts, untouched } = await lookAt(dependencies, linkerd, rotation, input);
  if (!untouched) return { discarded: false, left: facts };
  await emptyRotationSecret(k8s, linkerd.namespace, rotation);
  return { discarded: true };
}
