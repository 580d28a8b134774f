import type { V1Secret } from '@kubernetes/client-node';
import { present } from '../ground/present.js';
import { decode } from '../kubernetes/base64.js';
import type { Kubernetes } from '../kubernetes/client.js';
import { isKubernetesError } from '../kubernetes/errors.js';
import { FIELD_MANAGER } from '../kubernetes/own-names.js';
import { formatBundle, readBundle } from '../pki/bundle.js';
import type { Certificate } from '../pki/certificate.js';
import { RETIRE_ANNOTATION, ROTATION_ANNOTATION, ROTATION_SECRET } from './names.js';
import { encoded, ownMetadata } from './own-object.js';

/** Keys of a Secret that carries a root and an issuer; the user's own Secret has the same (docs/input.md). */
export const SECRET_KEYS = {
  root: 'ca.crt',
  rootKey: 'ca.key',
  issuer: 'tls.crt',
  issuerKey: 'tls.key',
  /** What there was at the start, for an abort: roots, issuer and its key. */
  previousRoots: 'previous.ca.crt',
  previousIssuer: 'previous.tls.crt',
  previousIssuerKey: 'previous.tls.key',
  /** The issuer of the start, certified under the new root. */
  bridge: 'bridge.crt',
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
  /** What there was at the start. */
  previous: { roots: Certificate[]; issuer: Certificate; issuerPem: string; issuerKeyPem: string };
  bridge?: Certificate;
  secret: V1Secret;
}

/** What the Secret of a new rotation is made from; PEM throughout. */
export interface NewRotation {
  rootPem: string;
  rootKeyPem?: string;
  issuerPem: string;
  issuerKeyPem: string;
  retire: readonly Certificate[];
  previousIssuerPem: string;
  previousIssuerKeyPem: string;
  bridgePem?: string;
  id: string;
}

/** The Secret of a new rotation, as it is created. */
export function rotationSecretOf(rotation: NewRotation): V1Secret {
  const texts = present({
    [SECRET_KEYS.root]: rotation.rootPem,
    [SECRET_KEYS.issuer]: rotation.issuerPem,
    [SECRET_KEYS.issuerKey]: rotation.issuerKeyPem,
    [SECRET_KEYS.previousRoots]: formatBundle(rotation.retire, { finalNewline: true }),
    [SECRET_KEYS.previousIssuer]: rotation.previousIssuerPem,
    [SECRET_KEYS.previousIssuerKey]: rotation.previousIssuerKeyPem,
    [SECRET_KEYS.rootKey]: rotation.rootKeyPem,
    [SECRET_KEYS.bridge]: rotation.bridgePem,
  });
  const retire = rotation.retire.map(({ fingerprint }) => fingerprint).join(',');
  const annotations = { [ROTATION_ANNOTATION]: rotation.id, [RETIRE_ANNOTATION]: retire };
  return { metadata: { ...ownMetadata(ROTATION_SECRET), annotations }, type: 'Opaque', data: encoded(texts) };
}

/** @throws Error when something is missing that reroot would have written */
export function parseRotationSecret(secret: V1Secret): RotationSecret {
  const { [ROTATION_ANNOTATION]: id, [RETIRE_ANNOTATION]: retire = '' } = secret.metadata?.annotations ?? {};
  const text = (key: string) => decode(secret.data?.[key] ?? '');
  const certificates = (key: string) => readBundle(text(key)).certificates;
  const [root] = certificates(SECRET_KEYS.root);
  const [issuer] = certificates(SECRET_KEYS.issuer);
  const [previousIssuer] = certificates(SECRET_KEYS.previousIssuer);
  const [bridge] = certificates(SECRET_KEYS.bridge);
  if (!root || !issuer || !previousIssuer || !id) {
    throw new Error(
      `Secret ${ROTATION_SECRET} was not written by reroot or has been damaged; look at it before deleting it`,
    );
  }
  return {
    id,
    root,
    retire: retire.split(',').filter(Boolean),
    issuer,
    issuerPem: text(SECRET_KEYS.issuer),
    issuerKeyPem: text(SECRET_KEYS.issuerKey),
    previous: {
      roots: certificates(SECRET_KEYS.previousRoots),
      issuer: previousIssuer,
      issuerPem: text(SECRET_KEYS.previousIssuer),
      issuerKeyPem: text(SECRET_KEYS.previousIssuerKey),
    },
    secret,
    ...present({ rootKeyPem: text(SECRET_KEYS.rootKey) || undefined, bridge }),
  };
}

/** @returns undefined when no rotation is under way */
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
  try {
    const body = rotationSecretOf(rotation);
    return parseRotationSecret(await k8s.core.createNamespacedSecret({ namespace, body, fieldManager: FIELD_MANAGER }));
  } catch (error) {
    if (!isKubernetesError(error, 'AlreadyExists')) throw error;
    const existing = await readRotationSecret(k8s, namespace);
    if (!existing) throw error;
    return existing;
  }
}

/** Deletes it, on the condition that it is still the one that was read; one that is gone is fine. */
export async function deleteRotationSecret(
  k8s: Kubernetes,
  namespace: string,
  { secret }: Pick<RotationSecret, 'secret'>,
): Promise<void> {
  const preconditions = present({ resourceVersion: secret.metadata?.resourceVersion });
  try {
    await k8s.core.deleteNamespacedSecret({ name: ROTATION_SECRET, namespace, body: { preconditions } });
  } catch (error) {
    if (!isKubernetesError(error, 'NotFound')) throw error;
  }
}
