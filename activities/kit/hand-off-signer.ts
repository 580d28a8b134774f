import { present } from '../../src/ground/present.js';
import type { Kubernetes } from '../../src/kubernetes/client.js';
import type { StoredIssuer } from '../../src/linkerd/identity/issuer.js';
import type { Certificate } from '../../src/pki/certificate.js';
import { ROTATION_SECRET } from '../../src/records/names.js';
import { type RotationSecret, SECRET_KEYS } from '../../src/records/rotation-secret.js';
import type { IssuerState } from '../../src/rotation/courses/course.js';
import type { HandOff, HandOffPlace } from '../../src/rotation/hand-off.js';
import { caDifference, readCa } from './ca-secret.js';
import { seenAs, todoOf } from './hand-off.js';
import type { Managed } from './managed.js';
import { nameOf, startOf, TLS } from './root-secret.js';

interface Asked {
  state: IssuerState;
  found: IssuerState | undefined;
  current: StoredIssuer;
  /** That of Linkerd, and of the rotation's Secret. */
  namespace: string;
}

/**
 * Where no Certificate makes the root that signs the issuer: whoever has the CA (Vault, AWS PCA, a Secret that a person has made)
 * brings the new root to it. Undefined: that is done, or cert-manager has the root itself.
 */
export async function signerHandOff(
  k8s: Kubernetes,
  { issuer, root, signer, ca }: Managed,
  rotation: RotationSecret,
  asked: Asked,
): Promise<HandOff | undefined> {
  if (!issuer || root || rotation.retire.length === 0) return undefined;
  const { state, found } = asked;
  if (state === 'new' && found !== 'new') return await forwardHandOff(k8s, { ca, issuer, signer }, rotation, asked);
  return ca && state === 'previous' ? await backHandOff(k8s, { ca, issuer, signer }, rotation, asked) : undefined;
}

async function forwardHandOff(
  k8s: Kubernetes,
  { ca, issuer, signer = 'its Issuer' }: Omit<Signing, 'ca'> & { ca: Managed['ca'] | undefined },
  rotation: RotationSecret,
  { current, namespace }: Asked,
): Promise<HandOff | undefined> {
  const { root, rootKeyPem } = rotation;
  const wanted = wordsOf(root);
  const [first] = current.certificates;
  const otherwise = `Secret ${nameOf(issuer.secret)} holds ${wordsOf(first)}, which ${wanted} has not signed`;
  if (ca && rootKeyPem !== undefined) {
    const privateKey = { namespace, secret: ROTATION_SECRET, key: SECRET_KEYS.rootKey, into: 'tls.key' };
    const what = `Secret ${nameOf(ca)}, which ${signer} signs with, to have the new root and its key`;
    const asked = { root, privateKey, isBack: false, otherwise, for: what };
    return await caHandOff(k8s, { ca, issuer, signer }, asked);
  }
  const read = ca && (await readCa(k8s, ca));
  if (read && caDifference(read, root).length === 0) return undefined;
  return seenAs({
    who: signer,
    for: `the issuer of Certificate ${nameOf(issuer)} to be under the new root`,
    difference: [otherwise],
    todo:
      `Point ${signer} at the new root ${wanted}, then renew the Certificate: \`${renewal(issuer)}\`. ` +
      'Everybody trusts that root by now. The rotation goes on by itself when the issuer is under it.',
  });
}

type Signing = Required<Pick<Managed, 'ca' | 'issuer'>> & { signer: string | undefined };

/** cert-manager would sign the next issuer with the new root, which is about to leave the bundle. */
async function backHandOff(
  k8s: Kubernetes,
  signing: Signing,
  rotation: RotationSecret,
  { found, namespace }: Asked,
): Promise<HandOff | undefined> {
  const { ca } = signing;
  const read = await readCa(k8s, ca);
  const [first] = read?.certificates ?? [];
  const isAhead = read ? first?.publicKeyDer.equals(rotation.root.publicKeyDer) : found === 'new';
  const start = startOf(rotation);
  const root = start?.root ?? rotation.previous.roots[0];
  if (!isAhead || !root) return undefined;
  const privateKey = start && { namespace, secret: ROTATION_SECRET, key: SECRET_KEYS.previousRootKey, into: 'tls.key' };
  return await caHandOff(k8s, signing, {
    ...{ root, privateKey, isBack: true, otherwise: `the issuer in use is under ${wordsOf(rotation.root)}` },
    for: `Secret ${nameOf(ca)} to have the root of the start and its key again`,
  });
}

interface CaAsked {
  root: Certificate;
  /** Absent: reroot does not have it. */
  privateKey: HandOffPlace['privateKey'];
  isBack: boolean;
  for: string;
  /** The difference where the Secret may not be read. */
  otherwise: string;
}

/** The key goes from Secret to Secret: it is named, never shown. */
async function caHandOff(
  k8s: Kubernetes,
  { ca, issuer, signer }: Signing,
  { root, privateKey, isBack, otherwise, for: what }: CaAsked,
): Promise<HandOff | undefined> {
  const read = await readCa(k8s, ca);
  const difference = read ? caDifference(read, root).map((clause) => `Secret ${nameOf(ca)} ${clause}`) : [otherwise];
  if (difference.length === 0) return undefined;
  const place = { kind: 'Secret' as const, namespace: ca.namespace, name: ca.name, value: root.pem };
  const key = privateKey
    ? `the certificate, and that Secret ${privateKey.namespace}/${privateKey.secret} has its key (${privateKey.key}; in one write)`
    : 'the certificate; its key is where you have kept it (in one write)';
  const unseen = `Secret ${nameOf(ca)} cannot be read here: renew the Certificate afterwards, \`${renewal(issuer)}\`.`;
  const next = isBack ? '' : ' reroot then renews the Certificate of the issuer by itself.';
  return seenAs({
    who: signer === undefined ? 'whoever has the CA' : `whoever has the CA of ${signer}`,
    for: what,
    difference,
    todo: `${todoOf(key, isBack)} With kubectl: \`reroot hand-off -o patch | sh\`.${read ? next : ` ${unseen}`}`,
    places: [
      { ...place, key: TLS, ...present({ privateKey }) },
      { ...place, key: 'ca.crt' },
    ],
  });
}

function wordsOf({ commonName, fingerprint }: Certificate): string {
  return `${commonName} (${fingerprint.slice(0, 12)})`;
}

function renewal({ namespace, name }: Signing['issuer']): string {
  return `cmctl renew -n ${namespace} ${name}`;
}
