import { present } from '../../src/ground/present.js';
import type { Kubernetes } from '../../src/kubernetes/client.js';
import type { Linkerd } from '../../src/linkerd/detect.js';
import { dropAppliedKeys, fieldsWithKey, findKeyCopies } from '../../src/linkerd/identity/key-copies.js';
import { readAnchors } from '../../src/linkerd/layouts/stores.js';
import { anchorsOfIssuer } from '../../src/pki/issuer-anchors.js';
import { ROOT_SECRET } from '../../src/records/names.js';
import { readReport } from '../../src/records/report.js';
import { chainOfStart, type RotationSecret } from '../../src/records/rotation-secret.js';
import { type OldKey, usableUntil } from '../../src/rotation/old-key.js';
import type { RotationSettings } from '../../src/rotation/input.js';
import type { RotationReport } from '../../src/rotation/report.js';

const BEYOND =
  'backups of etcd and of these Secrets, and what the key was installed from (files, Git, Helm values): reroot cannot see them';

/** Takes out what copies of the old issuer key are left for reroot to take out, and names the others. */
export async function retireOldKey(
  k8s: Kubernetes,
  linkerd: Linkerd,
  rotation: RotationSecret,
  { settings: { certificates }, at }: { settings: Pick<RotationSettings, 'certificates'>; at: Date },
): Promise<OldKey> {
  await dropAppliedKeys(k8s, linkerd);
  const { issuer } = rotation.previous;
  const [{ certificates: anchors }] = await readAnchors(k8s, linkerd);
  const { notAfter, publicKeyDer } = issuer;
  const trusted = anchorsOfIssuer(chainOfStart(rotation), anchors);
  const { applied, helm } = await findKeyCopies(k8s, linkerd);
  const secrets = [ROOT_SECRET, ...(certificates ? [certificates.secret] : [])];
  const fields = await fieldsWithKey(k8s, linkerd.namespace, { certificate: issuer, secrets });
  return {
    ...present({
      oldKeyUsableUntil: usableUntil({ notAfter, publicKeyDer, anchors: trusted, bridge: rotation.bridge }, at),
    }),
    oldKeyCopies: [
      ...fields,
      ...applied.map((secret) => `${secret}, annotation of \`kubectl apply\``),
      ...(helm === undefined ? [] : [`${helm} (values of its releases)`]),
      BEYOND,
    ],
  };
}

/** What an earlier attempt of this run has said, when the Secret that it was said from is gone. */
export async function saidOfOldKey(
  k8s: Kubernetes,
  namespace: string,
  { runId, outcome }: RotationReport,
): Promise<OldKey> {
  const { oldKeyUsableUntil, oldKeyCopies, ...said } = (await readReport(k8s, namespace)) as Partial<RotationReport>;
  return said.runId === runId && outcome === 'completed' ? present({ oldKeyUsableUntil, oldKeyCopies }) : {};
}
