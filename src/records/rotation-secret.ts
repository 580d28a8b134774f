import type { V1Secret } from '@kubernetes/client-node';
import { present } from '../ground/present.js';
import { decode } from '../kubernetes/base64.js';
import type { Kubernetes } from '../kubernetes/client.js';
import { ifThere } from '../kubernetes/errors.js';
import { FIELD_MANAGER } from '../kubernetes/own-names.js';
import { pointer, unchanged, withFreshRead } from '../kubernetes/patch.js';
import { formatBundle, issuerFile, readBundle } from '../pki/bundle.js';
import type { Certificate } from '../pki/certificate.js';
import { ISSUER_ANNOTATION, RETIRE_ANNOTATION, ROTATION_ANNOTATION, ROTATION_SECRET, RUN_ANNOTATION } from './names.js';
import { annotate, created, encoded, ownMetadata } from './own-object.js';
import { RecordError } from './record-error.js';

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
  /** Where cert-manager makes the roots: what its Secret is written from on the way back. */
  previousRootKey: 'previous.ca.key',
  /** The issuer of the start, certified under the new root. */
  bridge: 'bridge.crt',
} as const;

/** What the annotation of a rotation says whose issuer cert-manager makes. */
const CERT_MANAGER = 'cert-manager';

/** What a rotation needs to remember in the cluster, in one Secret, made in one write: there is one new root. */
export interface RotationSecret {
  /** Short name of the rotation, derived from the new root: the same for whoever adopts it. */
  id: string;
  root: Certificate;
  /** First run of the workflow that made it; absent where reroot 0.1 or 0.2 did. */
  firstRunId?: string;
  /** Fingerprints of the roots this rotation takes out. */
  retire: string[];
  /** cert-manager makes the new issuer, when its time has come: the key is never here. */
  issuerByCertManager?: true;
  /** Absent until cert-manager has made it. */
  issuer?: Certificate;
  issuerPem?: string;
  issuerKeyPem?: string;
  rootKeyPem?: string;
  /** What there was at the start; the root's key where cert-manager made it. */
  previous: {
    roots: Certificate[];
    rootKeyPem?: string;
    issuer: Certificate;
    issuerPem: string;
    issuerKeyPem: string;
  };
  bridge?: Certificate;
  /** As it was read: the precondition of every write. */
  object: V1Secret;
}

/** What the Secret of a new rotation is made from; PEM throughout. */
export interface NewRotation {
  rootPem: string;
  rootKeyPem?: string;
  /** Certificate and key; absent: cert-manager makes it later. */
  issuerPem?: string;
  issuerKeyPem?: string;
  retire: readonly Certificate[];
  previousRootKeyPem?: string;
  previousIssuerPem: string;
  previousIssuerKeyPem: string;
  bridgePem?: string;
  id: string;
  firstRunId?: string;
}

/** The Secret of a new rotation, as it is written. */
export function rotationSecretOf(rotation: NewRotation): V1Secret {
  const texts = present({
    [SECRET_KEYS.root]: rotation.rootPem,
    [SECRET_KEYS.issuer]: rotation.issuerPem,
    [SECRET_KEYS.issuerKey]: rotation.issuerKeyPem,
    [SECRET_KEYS.previousRoots]: formatBundle(rotation.retire, { finalNewline: true }),
    [SECRET_KEYS.previousIssuer]: rotation.previousIssuerPem,
    [SECRET_KEYS.previousIssuerKey]: rotation.previousIssuerKeyPem,
    [SECRET_KEYS.rootKey]: rotation.rootKeyPem,
    [SECRET_KEYS.previousRootKey]: rotation.previousRootKeyPem,
    [SECRET_KEYS.bridge]: rotation.bridgePem,
  });
  const retire = rotation.retire.map(({ fingerprint }) => fingerprint).join(',');
  const annotations = present({
    [ROTATION_ANNOTATION]: rotation.id,
    [RETIRE_ANNOTATION]: retire,
    [RUN_ANNOTATION]: rotation.firstRunId,
    [ISSUER_ANNOTATION]: rotation.issuerKeyPem === undefined ? CERT_MANAGER : undefined,
  });
  return { metadata: { ...ownMetadata(ROTATION_SECRET), annotations }, type: 'Opaque', data: encoded(texts) };
}

/** @throws RecordError `RotationSecretDamaged` when something is missing that reroot would have written */
export function parseRotationSecret(secret: V1Secret): RotationSecret {
  const { id, retire, firstRunId, issuerByCertManager } = annotationsOf(secret);
  const text = (key: string) => decode(secret.data?.[key] ?? '');
  const certificates = (key: string) => readBundle(text(key)).certificates;
  const [root] = certificates(SECRET_KEYS.root);
  const [issuer] = certificates(SECRET_KEYS.issuer);
  const [previousIssuer] = certificates(SECRET_KEYS.previousIssuer);
  const [bridge] = certificates(SECRET_KEYS.bridge);
  if (!root || !previousIssuer || !id) throw damaged('a certificate or its annotation is missing');
  if (!issuer && !issuerByCertManager) throw damaged('a certificate or its annotation is missing');
  const keyOf = (key: string) => required(text(key), key);
  const issuerKeyPem = issuerByCertManager ? undefined : keyOf(SECRET_KEYS.issuerKey);
  return {
    id,
    root,
    retire,
    previous: {
      ...present({ rootKeyPem: text(SECRET_KEYS.previousRootKey) || undefined }),
      roots: certificates(SECRET_KEYS.previousRoots),
      issuer: previousIssuer,
      issuerPem: text(SECRET_KEYS.previousIssuer),
      issuerKeyPem: keyOf(SECRET_KEYS.previousIssuerKey),
    },
    object: secret,
    ...present({ issuer, issuerPem: text(SECRET_KEYS.issuer) || undefined, issuerKeyPem, issuerByCertManager }),
    ...present({ rootKeyPem: text(SECRET_KEYS.rootKey) || undefined, bridge, firstRunId }),
  };
}

/** The issuer of the start with what was stored behind it. */
export function chainOfStart({ previous: { issuer, issuerPem } }: RotationSecret): [Certificate, ...Certificate[]] {
  const [, ...others] = issuerFile(issuerPem);
  return [issuer, ...others];
}

/** What stands behind the new issuer in its file: CAs between it and its root. */
export function intermediatesOf({ issuerPem = '' }: Pick<RotationSecret, 'issuerPem'>): Certificate[] {
  const [, ...others] = issuerFile(issuerPem);
  return others;
}

function annotationsOf({ metadata }: V1Secret): Pick<
  RotationSecret,
  'retire' | 'firstRunId' | 'issuerByCertManager'
> & {
  id?: string;
} {
  const annotations = metadata?.annotations ?? {};
  const { [ROTATION_ANNOTATION]: id, [RUN_ANNOTATION]: firstRunId } = annotations;
  const retire = (annotations[RETIRE_ANNOTATION] ?? '').split(',').filter(Boolean);
  const issuerByCertManager = annotations[ISSUER_ANNOTATION] === CERT_MANAGER ? (true as const) : undefined;
  return { retire, ...present({ id, firstRunId, issuerByCertManager }) };
}

/** An issuer Secret that is written without a key ends identity. */
function required(text: string, key: string): string {
  if (text === '') throw damaged(`it has no ${key}`);
  return text;
}

/** What a person has to know of a rotation's Secret that no step can work with. */
export function damaged(what: string): RecordError {
  return new RecordError(
    'RotationSecretDamaged',
    `Secret ${ROTATION_SECRET} was not written by reroot or has been damaged: ${what}`,
    'restore it from a backup, then `retry`; empty it only when no bundle and no proxy has the root in its ' +
      `${SECRET_KEYS.root} and the issuer in use is not from it`,
  );
}

/** @returns undefined when no rotation is under way: the Secret is empty, or not there */
export async function readRotationSecret(k8s: Kubernetes, namespace: string): Promise<RotationSecret | undefined> {
  const secret = await read(k8s, namespace);
  return secret && !isEmpty(secret) ? parseRotationSecret(secret) : undefined;
}

async function read({ core }: Kubernetes, namespace: string): Promise<V1Secret | undefined> {
  return await ifThere(core.readNamespacedSecret({ name: ROTATION_SECRET, namespace }));
}

function isEmpty({ data = {}, metadata }: V1Secret): boolean {
  return Object.keys(data).length === 0 && metadata?.annotations?.[ROTATION_ANNOTATION] === undefined;
}

/**
 * Fills the Secret in one write, or takes what it has: two at once end up with the same root. One that is not there is
 * created.
 * @throws RecordError `ObjectAbsent`, `RotationSecretDamaged`
 */
export async function createRotationSecret(
  k8s: Kubernetes,
  namespace: string,
  rotation: NewRotation,
): Promise<RotationSecret> {
  const made = rotationSecretOf(rotation);
  return await withFreshRead(async () => {
    const found = await read(k8s, namespace);
    if (found && !isEmpty(found)) return parseRotationSecret(found);
    return parseRotationSecret(await (found ? fill(k8s, namespace, found, made) : create(k8s, namespace, made)));
  });
}

async function create({ core }: Kubernetes, namespace: string, body: V1Secret): Promise<V1Secret> {
  const what = { kind: 'Secret', name: ROTATION_SECRET, namespace } as const;
  return await created(what, core.createNamespacedSecret({ namespace, body, fieldManager: FIELD_MANAGER }));
}

async function fill({ core }: Kubernetes, namespace: string, found: V1Secret, made: V1Secret): Promise<V1Secret> {
  return await core.patchNamespacedSecret({
    name: ROTATION_SECRET,
    namespace,
    fieldManager: FIELD_MANAGER,
    body: [
      unchanged(found.metadata),
      { op: 'add', path: pointer('data'), value: made.data },
      ...annotate(found.metadata, made.metadata?.annotations ?? {}),
    ],
  });
}

/** Stores another bridge certificate, on the condition that the Secret is still the one that was read. */
export async function storeBridge(
  k8s: Kubernetes,
  namespace: string,
  secret: Pick<RotationSecret, 'object'>,
  bridge: Certificate,
): Promise<void> {
  await store(k8s, namespace, secret, { [SECRET_KEYS.bridge]: bridge.pem });
}

/** The same for the new issuer, once cert-manager has made it: its certificates, never its key. */
export async function storeIssuer(
  k8s: Kubernetes,
  namespace: string,
  secret: Pick<RotationSecret, 'object'>,
  issuerPem: string,
): Promise<void> {
  await store(k8s, namespace, secret, { [SECRET_KEYS.issuer]: issuerPem });
}

/** The same where cert-manager has renewed the issuer of the start under its own root: that one is it from now on. */
export async function storeIssuerOfStart(
  k8s: Kubernetes,
  namespace: string,
  secret: Pick<RotationSecret, 'object'>,
  { certificatePem, keyPem }: { certificatePem: string; keyPem: string },
): Promise<void> {
  await store(k8s, namespace, secret, {
    [SECRET_KEYS.previousIssuer]: certificatePem,
    [SECRET_KEYS.previousIssuerKey]: keyPem,
    // that of another key is no use
    [SECRET_KEYS.bridge]: '',
  });
}

async function store(
  { core }: Kubernetes,
  namespace: string,
  { object }: Pick<RotationSecret, 'object'>,
  texts: Record<string, string>,
): Promise<void> {
  const entries = Object.entries(encoded(texts));
  await core.patchNamespacedSecret({
    name: ROTATION_SECRET,
    namespace,
    fieldManager: FIELD_MANAGER,
    body: [
      unchanged(object.metadata),
      ...entries.map(([key, value]) => ({ op: 'add', path: pointer('data', key), value })),
    ],
  });
}

/**
 * Empties it: no rotation is under way any more. On the condition that it is still the one that was read; one that is gone
 * is fine.
 */
export async function emptyRotationSecret(
  { core }: Kubernetes,
  namespace: string,
  { object: { metadata } }: Pick<RotationSecret, 'object'>,
): Promise<void> {
  const own = [ROTATION_ANNOTATION, RETIRE_ANNOTATION, RUN_ANNOTATION, ISSUER_ANNOTATION];
  const written = own.filter((name) => metadata?.annotations?.[name] !== undefined);
  const body = [
    unchanged(metadata),
    { op: 'add', path: pointer('data'), value: {} },
    ...written.map((name) => ({ op: 'remove', path: pointer('metadata', 'annotations', name) })),
  ];
  await ifThere(core.patchNamespacedSecret({ name: ROTATION_SECRET, namespace, body, fieldManager: FIELD_MANAGER }));
}
