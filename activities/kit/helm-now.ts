import type { HelmUpgrade } from '../../src/ground/helm.js';
import type { Kubernetes } from '../../src/kubernetes/client.js';
import { detectLinkerd, type Linkerd } from '../../src/linkerd/detect.js';
import { readHelmUpgrade } from '../../src/linkerd/helm.js';
import type { KeyReference } from '../../src/linkerd/helm-values.js';
import { findIssuer } from '../../src/linkerd/identity/issuer.js';
import { issuerStateOf } from '../../src/records/issuer-states.js';
import { ROTATION_SECRET } from '../../src/records/names.js';
import { readRotationSecret, SECRET_KEYS } from '../../src/records/rotation-secret.js';

/** What a release of Helm has to be given to render what the cluster has. */
export interface HelmNow {
  linkerdNamespace: string;
  apiServer: string;
  /** Absent where Linkerd was not installed by Helm, or others make its certificates. */
  helm?: HelmUpgrade;
}

export async function helmNow(k8s: Kubernetes, wanted: string | undefined): Promise<HelmNow> {
  const linkerd = await detectLinkerd(k8s, wanted);
  const helm = await helmUpgrade(k8s, linkerd);
  return { linkerdNamespace: linkerd.namespace, apiServer: k8s.server, ...(helm ? { helm } : {}) };
}

/** The same of a Linkerd that is known. */
export async function helmUpgrade(k8s: Kubernetes, linkerd: Linkerd): Promise<HelmUpgrade | undefined> {
  if (linkerd.installedBy !== 'helm') return undefined;
  return await readHelmUpgrade(k8s, linkerd, await keyInRotation(k8s, linkerd));
}

/**
 * While a rotation goes on its own Secret has the key: a `helm upgrade` with old values puts another into the issuer Secret,
 * which would not match the certificate that is shown.
 */
async function keyInRotation(k8s: Kubernetes, linkerd: Linkerd): Promise<KeyReference | undefined> {
  const { namespace } = linkerd;
  const rotation = await readRotationSecret(k8s, namespace);
  const state = rotation && issuerStateOf((await findIssuer(k8s, linkerd)).certificates, rotation);
  if (!state) return undefined;
  const key = state === 'new' ? SECRET_KEYS.issuerKey : SECRET_KEYS.previousIssuerKey;
  return { namespace, secret: ROTATION_SECRET, key };
}
