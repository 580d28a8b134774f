import type { Kubernetes } from '../kubernetes/client.js';
import { isKubernetesError } from '../kubernetes/errors.js';
import { readBundle } from '../pki/bundle.js';
import type { Certificate } from '../pki/certificate.js';
import { decode } from '../kubernetes/base64.js';
import { SECRET_KEYS } from './rotation-secret.js';

/** A root of the user's own, with an issuer under it, or with its key so that an issuer can be signed. */
export interface SuppliedCertificates {
  root: Certificate;
  rootKeyPem?: string;
  issuerPem?: string;
  issuerKeyPem?: string;
}

/** The Secret does not hold what it must; lists everything that is wrong with it. */
export class SuppliedError extends Error {
  override readonly name = 'SuppliedError';
}

/**
 * Reads `ca.crt` (the root) and either `tls.crt` with `tls.key` (the issuer) or `ca.key` (the root's key).
 * @throws SuppliedError
 */
export async function readSuppliedCertificates(
  k8s: Kubernetes,
  namespace: string,
  name: string,
): Promise<SuppliedCertificates> {
  const secret = await k8s.core.readNamespacedSecret({ name, namespace }).catch((error: unknown) => {
    if (isKubernetesError(error, 'NotFound')) throw new SuppliedError(`Secret ${namespace}/${name} does not exist`);
    throw error;
  });
  const text = (key: string): string | undefined => (secret.data?.[key] ? decode(secret.data[key]) : undefined);
  const roots = readBundle(text(SECRET_KEYS.root) ?? '').certificates;
  const [root] = roots;
  const [rootKeyPem, issuerPem, issuerKeyPem] = [
    text(SECRET_KEYS.rootKey),
    text(SECRET_KEYS.issuer),
    text(SECRET_KEYS.issuerKey),
  ];
  const problems: string[] = [];
  if (!root) problems.push(`${SECRET_KEYS.root} holds no certificate`);
  if (roots.length > 1)
    problems.push(`${SECRET_KEYS.root} holds ${roots.length} certificates, it must be the one new root`);
  if ((issuerPem === undefined) !== (issuerKeyPem === undefined)) {
    problems.push(`${SECRET_KEYS.issuer} and ${SECRET_KEYS.issuerKey} belong together`);
  }
  if (!issuerPem && !rootKeyPem) {
    problems.push(`either ${SECRET_KEYS.issuer} with ${SECRET_KEYS.issuerKey}, or ${SECRET_KEYS.rootKey}, is needed`);
  }
  if (!root || problems.length > 0) throw new SuppliedError(`Secret ${namespace}/${name}: ${problems.join('; ')}`);
  return {
    root,
    ...(rootKeyPem ? { rootKeyPem } : {}),
    ...(issuerPem ? { issuerPem } : {}),
    ...(issuerKeyPem ? { issuerKeyPem } : {}),
  };
}
