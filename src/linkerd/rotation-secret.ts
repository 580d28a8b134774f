import type { V1Secret } from '@kubernetes/client-node';
import type { Kubernetes } from '../kubernetes/client.js';
import { isKubernetesError } from '../kubernetes/errors.js';
import { readBundle } from '../pki/bundle.js';
import type { Certificate } from '../pki/certificate.js';
import { decode, encode } from './fields.js';
import { FIELD_MANAGER, MANAGED_BY_LABEL, RETIRE_ANNOTATION, ROTATION_ANNOTATION, ROTATION_SECRET } from './names.js';

/** Keys of a Secret that carries a root and an issuer; the user's own Secret has the same (docs/certificates.md). */
export const SECRET_KEYS = {
  root: 'ca.crt',
  rootKey: 'ca.key',
  issuer: 'tls.crt',
  issuerKey: 'tls.key',
  previousIssuer: 'previous.tls.crt',
  previousIssuerKey: 'previous.tls.key',
} as const;

/** What a rotation needs to remember in the cluster, in one Secret, made in one write: there is one new root. */
export interface RotationSecret {
  /** Short name of the rotation, derived from the new root: the same for whoever adopts it. */
  id: string;
  root: Certificate;
  /** Fingerprints of the roots this rotation takes out. */
  retire: string[];
  issuer: Certificate;
  issuerPem: string;
  issuerKeyPem: string;
  rootKeyPem?: string;
  secret: V1Secret;
}

export interface NewRotation {
  rootPem: string;
  rootKeyPem?: string;
  issuerPem: string;
  issuerKeyPem: string;
  retire: readonly string[];
  id: string;
}

export async function readRotationSecret(k8s: Kubernetes, namespace: string): Promise<RotationSecret | undefined> {
  try {
    return parseRotationSecret(await k8s.core.readNamespacedSecret({ name: ROTATION_SECRET, namespace }));
  } catch (error) {
    if (isKubernetesError(error, 'NotFound')) return undefined;
    throw error;
  }
}

/** Creates it, or takes the one that is already there: two at once end up with the same root. */
export async function createRotationSecret(
  k8s: Kubernetes,
  namespace: string,
  rotation: NewRotation,
): Promise<RotationSecret> {
  const data: Record<string, string> = {
    [SECRET_KEYS.root]: encode(rotation.rootPem),
    [SECRET_KEYS.issuer]: encode(rotation.issuerPem),
    [SECRET_KEYS.issuerKey]: encode(rotation.issuerKeyPem),
    ...(rotation.rootKeyPem ? { [SECRET_KEYS.rootKey]: encode(rotation.rootKeyPem) } : {}),
  };
  const body: V1Secret = {
    metadata: {
      name: ROTATION_SECRET,
      labels: { [MANAGED_BY_LABEL]: FIELD_MANAGER },
      annotations: { [ROTATION_ANNOTATION]: rotation.id, [RETIRE_ANNOTATION]: rotation.retire.join(',') },
    },
    type: 'Opaque',
    data,
  };
  try {
    return parseRotationSecret(await k8s.core.createNamespacedSecret({ namespace, body, fieldManager: FIELD_MANAGER }));
  } catch (error) {
    if (!isKubernetesError(error, 'AlreadyExists')) throw error;
    const existing = await readRotationSecret(k8s, namespace);
    if (!existing) throw error;
    return existing;
  }
}

function parseRotationSecret(secret: V1Secret): RotationSecret {
  const text = (key: string) => decode(secret.data?.[key] ?? '');
  const issuerPem = text(SECRET_KEYS.issuer);
  const [root] = readBundle(text(SECRET_KEYS.root)).certificates;
  const [issuer] = readBundle(issuerPem).certificates;
  const id = secret.metadata?.annotations?.[ROTATION_ANNOTATION];
  if (!root || !issuer || !id) {
    throw new Error(
      `Secret ${ROTATION_SECRET} was not written by reroot or has been damaged; look at it before deleting it`,
    );
  }
  const retire = (secret.metadata?.annotations?.[RETIRE_ANNOTATION] ?? '').split(',').filter(Boolean);
  const rootKeyPem = text(SECRET_KEYS.rootKey);
  const issuerKeyPem = text(SECRET_KEYS.issuerKey);
  return { id, root, retire, issuer, issuerPem, issuerKeyPem, secret, ...(rootKeyPem ? { rootKeyPem } : {}) };
}
