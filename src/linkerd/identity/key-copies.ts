import type { V1Secret } from '@kubernetes/client-node';
import { present } from '../../ground/present.js';
import { decode } from '../../kubernetes/base64.js';
import type { Kubernetes } from '../../kubernetes/client.js';
import { isKubernetesError } from '../../kubernetes/errors.js';
import { holdsAppliedKey, withoutAppliedKeys } from '../../kubernetes/last-applied.js';
import { FIELD_MANAGER } from '../../kubernetes/own-names.js';
import { unchanged, withFreshRead } from '../../kubernetes/patch.js';
import type { Certificate } from '../../pki/certificate.js';
import { keyMatches, privateKeysIn } from '../../pki/key.js';
import type { Linkerd } from '../detect.js';
import { ISSUER_SECRET, OVERRIDES } from '../names.js';

/** Where copies of the issuer's key are, beside the fields in which Linkerd keeps it. */

/** Linkerd's Secrets that hold the key of the issuer. */
const HOLDERS = [ISSUER_SECRET, OVERRIDES];
const HELM_RELEASE = 'meta.helm.sh/release-name';
const HELM_NAMESPACE = 'meta.helm.sh/release-namespace';

export interface KeyCopies {
  /** Secrets whose annotation of `kubectl apply` holds a private key. */
  applied: string[];
  /** Helm's own Secrets of the release that has rendered the issuer Secret, by the pattern of their names. */
  helm?: string;
}

/** Reads what can be known of copies without a right to list Secrets. */
export async function findKeyCopies(k8s: Kubernetes, linkerd: Linkerd): Promise<KeyCopies> {
  const { namespace } = linkerd;
  const found = await Promise.all(HOLDERS.map(async (name) => await readSecret(k8s, namespace, name)));
  const applied = HOLDERS.filter((_, index) => holdsAppliedKey(found[index]?.metadata));
  const helm = helmReleases(found[0], linkerd);
  return { applied: applied.map((name) => `Secret ${namespace}/${name}`), ...present({ helm }) };
}

/**
 * A chart that renders the issuer Secret had its key among its values, and Helm keeps those of up to ten revisions. With
 * scheme kubernetes.io/tls the Secret is somebody else's, unless it carries Helm's mark.
 */
function helmReleases(issuer: V1Secret | undefined, { namespace, installedBy, scheme }: Linkerd): string | undefined {
  const { [HELM_RELEASE]: release, [HELM_NAMESPACE]: within = namespace } = issuer?.metadata?.annotations ?? {};
  if (release === undefined && (installedBy !== 'helm' || scheme !== 'linkerd.io/tls')) return undefined;
  return `Secrets ${within}/sh.helm.release.v1.${release ?? '*'}.v*`;
}

/** Takes private keys out of the annotations of `kubectl apply`: an apply in the middle of a rotation brings them back. */
export async function dropAppliedKeys(k8s: Kubernetes, { namespace }: Pick<Linkerd, 'namespace'>): Promise<void> {
  for (const name of HOLDERS) {
    await withFreshRead(async () => {
      const metadata = (await readSecret(k8s, namespace, name))?.metadata;
      const edits = withoutAppliedKeys(metadata);
      if (edits.length === 0) return;
      const body = [unchanged(metadata), ...edits];
      await k8s.core.patchNamespacedSecret({ name, namespace, body, fieldManager: FIELD_MANAGER });
    });
  }
}

/** Fields of these Secrets, and of Linkerd's, that hold the key of a certificate. */
export async function fieldsWithKey(
  k8s: Kubernetes,
  namespace: string,
  { certificate, secrets }: { certificate: Certificate; secrets: readonly string[] },
): Promise<string[]> {
  const fields: string[] = [];
  for (const name of new Set([...HOLDERS, ...secrets])) {
    const secret = await readSecret(k8s, namespace, name);
    for (const [key, value] of Object.entries(secret?.data ?? {}))
      if (privateKeysIn(decode(value)).some((found) => keyMatches(found, certificate)))
        fields.push(`Secret ${namespace}/${name} ${key}`);
  }
  return fields;
}

/** undefined: there is none, or it may not be read. */
async function readSecret(k8s: Kubernetes, namespace: string, name: string): Promise<V1Secret | undefined> {
  try {
    return await k8s.core.readNamespacedSecret({ name, namespace });
  } catch (error) {
    if (isKubernetesError(error, 'NotFound', 'Forbidden')) return undefined;
    throw error;
  }
}
