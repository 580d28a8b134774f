import { decode } from '../../src/kubernetes/base64.js';
import type { Kubernetes } from '../../src/kubernetes/client.js';
import { isKubernetesError } from '../../src/kubernetes/errors.js';
import type { Certificate } from '../../src/pki/certificate.js';
import { keyMatches, parseKey } from '../../src/pki/key.js';
import { type RotationSecret, SECRET_KEYS } from '../../src/records/rotation-secret.js';
import { KEY_DISCARDED, type KeyMissing, keyNotIn } from '../../src/rotation/bridge-life.js';
import type { StepInput } from '../../src/rotation/payloads.js';

/** The new root's key, for the activity that asked; or why it is not at hand. */
export type RootKey = { pem: string; missing?: undefined } | { pem?: undefined; missing: KeyMissing };

/**
 * The key as this rotation keeps it, or else as it is in the user's own Secret, where it stays: somebody may have taken it out
 * since, or put another there.
 */
export async function rootKeyOf(
  k8s: Kubernetes,
  { settings: { certificates }, linkerdNamespace: namespace }: Pick<StepInput, 'settings' | 'linkerdNamespace'>,
  { root, rootKeyPem }: Pick<RotationSecret, 'root' | 'rootKeyPem'>,
): Promise<RootKey> {
  if (rootKeyPem !== undefined) return { pem: rootKeyPem };
  if (!certificates) return { missing: { why: KEY_DISCARDED, canReturn: false } };
  const name = certificates.secret;
  const pem = await suppliedKey(k8s, namespace, name);
  const problem = typeof pem === 'string' ? problemOf(pem, root) : pem.problem;
  if (problem === undefined && typeof pem === 'string') return { pem };
  return { missing: { why: keyNotIn(`Secret ${namespace}/${name}`, problem ?? ''), canReturn: true } };
}

async function suppliedKey(k8s: Kubernetes, namespace: string, name: string): Promise<string | { problem: string }> {
  try {
    const { data } = await k8s.core.readNamespacedSecret({ name, namespace });
    return decode(data?.[SECRET_KEYS.rootKey] ?? '');
  } catch (error) {
    if (isKubernetesError(error, 'NotFound')) return { problem: 'it is gone' };
    if (isKubernetesError(error, 'Forbidden')) return { problem: 'reroot may not read it' };
    throw error;
  }
}

function problemOf(pem: string, root: Certificate): string | undefined {
  if (pem === '') return `it has no ${SECRET_KEYS.rootKey}`;
  try {
    return keyMatches(parseKey(pem), root) ? undefined : `its ${SECRET_KEYS.rootKey} is the key of another root`;
  } catch {
    return `its ${SECRET_KEYS.rootKey} cannot be read`;
  }
}
