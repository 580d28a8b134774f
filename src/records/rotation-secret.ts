import type { V1Secret } from '@kubernetes/client-node';
import type { Kubernetes } from '../kubernetes/client.js';
import { isKubernetesError } from '../kubernetes/errors.js';
import { formatBundle, readBundle } from '../pki/bundle.js';
import type { Certificate } from '../pki/certificate.js';
import { decode, encode } from '../kubernetes/base64.js';
import { FIELD_MANAGER, MANAGED_BY_LABEL } from '../kubernetes/own-names.js';
import { RETIRE_ANNOTATION, ROOT_SECRET, ROTATION_ANNOTATION, ROTATION_SECRET } from './names.js';

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
    [SECRET_KEYS.previousRoots]: encode(formatBundle(rotation.retire, { finalNewline: true })),
    [SECRET_KEYS.previousIssuer]: encode(rotation.previousIssuerPem),
    [SECRET_KEYS.previousIssuerKey]: encode(rotation.previousIssuerKeyPem),
    ...(rotation.rootKeyPem ? { [SECRET_KEYS.rootKey]: encode(rotation.rootKeyPem) } : {}),
    ...(rotation.bridgePem ? { [SECRET_KEYS.bridge]: encode(rotation.bridgePem) } : {}),
  };
  const retire = rotation.retire.map(({ fingerprint }) => fingerprint).join(',');
  const body: V1Secret = {
    metadata: {
      name: ROTATION_SECRET,
      labels: { [MANAGED_BY_LABEL]: FIELD_MANAGER },
      annotations: { [ROTATION_ANNOTATION]: rotation.id, [RETIRE_ANNOTATION]: retire },
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

/** The key that an earlier rotation kept of a root in use; absent when it kept none, or of another root. */
export async function readRootKey(
  k8s: Kubernetes,
  namespace: string,
  roots: readonly Certificate[],
): Promise<string | undefined> {
  try {
    const { data } = await k8s.core.readNamespacedSecret({ name: ROOT_SECRET, namespace });
    const [root] = readBundle(decode(data?.[SECRET_KEYS.root] ?? '')).certificates;
    const known = root && roots.some(({ fingerprint }) => fingerprint === root.fingerprint);
    return known ? decode(data?.[SECRET_KEYS.rootKey] ?? '') || undefined : undefined;
  } catch (error) {
    if (isKubernetesError(error, 'NotFound')) return undefined;
    throw error;
  }
}

function parseRotationSecret(secret: V1Secret): RotationSecret {
  const text = (key: string) => decode(secret.data?.[key] ?? '');
  const certificates = (key: string) => readBundle(text(key)).certificates;
  const [root] = certificates(SECRET_KEYS.root);
  const [issuer] = certificates(SECRET_KEYS.issuer);
  const [previousIssuer] = certificates(SECRET_KEYS.previousIssuer);
  const [bridge] = certificates(SECRET_KEYS.bridge);
  const id = secret.metadata?.annotations?.[ROTATION_ANNOTATION];
  if (!root || !issuer || !previousIssuer || !id) {
    throw new Error(
      `Secret ${ROTATION_SECRET} was not written by reroot or has been damaged; look at it before deleting it`,
    );
  }
  const retire = (secret.metadata?.annotations?.[RETIRE_ANNOTATION] ?? '').split(',').filter(Boolean);
  const rootKeyPem = text(SECRET_KEYS.rootKey);
  return {
    id,
    root,
    retire,
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
    ...(rootKeyPem ? { rootKeyPem } : {}),
    ...(bridge ? { bridge } : {}),
  };
}
