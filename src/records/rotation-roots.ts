import { decode } from '../kubernetes/base64.js';
import type { Kubernetes } from '../kubernetes/client.js';
import { ifAllowed } from '../kubernetes/errors.js';
import { readBundle } from '../pki/bundle.js';
import type { Certificate } from '../pki/certificate.js';
import { ROTATION_SECRET } from './names.js';
import { SECRET_KEYS } from './rotation-secret.js';

/** The roots of the rotation under way, old and new, for those who only look: nothing else of its Secret is read. */
export async function readRotationRoots({ core }: Kubernetes, namespace: string): Promise<Certificate[]> {
  const found = await ifAllowed(core.readNamespacedSecret({ name: ROTATION_SECRET, namespace }));
  const keys = [SECRET_KEYS.root, SECRET_KEYS.previousRoots];
  return keys.flatMap((key) => readBundle(decode(found?.data?.[key] ?? '')).certificates);
}
