import { detectLinkerd } from '../src/linkerd/detect.js';
import { writeReport } from '../src/records/report.js';
import { keepRoot } from '../src/records/root-secret.js';
import { deleteRotationSecret, readRotationSecret } from '../src/records/rotation-secret.js';
import type { RotationReport } from '../src/rotation/report.js';
import type { GenerateResult, StepInput } from '../src/rotation/payloads.js';
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
export async function discard(
  { k8s }: Dependencies,
  input: StepInput,
): Promise<{ discarded: boolean; left?: GenerateResult }> {
  const { namespace } = await detectLinkerd(k8s, input.linkerdNamespace);
  const rotation = await readRotationSecret(k8s, namespace);
  if (rotation) await deleteRotationSecret(k8s, namespace, rotation);
  return { discarded: true };
}
