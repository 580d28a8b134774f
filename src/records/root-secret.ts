import { decode } from '../kubernetes/base64.js';
import type { Kubernetes } from '../kubernetes/client.js';
import { ifThere } from '../kubernetes/errors.js';
import { present } from '../ground/present.js';
import { readBundle } from '../pki/bundle.js';
import type { Certificate } from '../pki/certificate.js';
import { ROOT_SECRET } from './names.js';
import { type OwnObject, writeOwnObject } from './own-object.js';
import { type RotationSecret, SECRET_KEYS } from './rotation-secret.js';

/** The lasting Secret of a root in use: its certificate, and its key when that was to be kept. */
export function rootObject({ root, rootKeyPem }: Pick<RotationSecret, 'root' | 'rootKeyPem'>): OwnObject {
  const data = present({ [SECRET_KEYS.root]: root.pem, [SECRET_KEYS.rootKey]: rootKeyPem });
  return { kind: 'Secret', name: ROOT_SECRET, data };
}

/** Moves the new root of a rotation to its lasting Secret. */
export async function keepRoot(
  k8s: Kubernetes,
  namespace: string,
  rotation: Pick<RotationSecret, 'root' | 'rootKeyPem'>,
): Promise<void> {
  await writeOwnObject(k8s, namespace, rootObject(rotation));
}

/** The key that an earlier rotation kept of a root in use; absent when it kept none, or of another root. */
export async function readRootKey(
  k8s: Kubernetes,
  namespace: string,
  roots: readonly Certificate[],
): Promise<string | undefined> {
  const secret = await ifThere(k8s.core.readNamespacedSecret({ name: ROOT_SECRET, namespace }));
  return keyOfRoot(secret?.data ?? {}, roots);
}

/** The key in a root Secret's data, if it is the key of one of these roots. */
export function keyOfRoot(data: Record<string, string>, roots: readonly Certificate[]): string | undefined {
  const [root] = readBundle(decode(data[SECRET_KEYS.root] ?? '')).certificates;
  const known = roots.some(({ fingerprint }) => fingerprint === root?.fingerprint);
  return (known && decode(data[SECRET_KEYS.rootKey] ?? '')) || undefined;
}
