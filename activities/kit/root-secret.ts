import { ApplicationFailure } from '@temporalio/activity';
import type { Kubernetes } from '../../src/kubernetes/client.js';
import { clusterNow } from '../../src/kubernetes/clock.js';
import { withFreshRead } from '../../src/kubernetes/patch.js';
import { forgetRequest, isIssuing, readCertificate } from '../../src/linkerd/cert-manager/certificate.js';
import type { ManagedCertificate } from '../../src/linkerd/cert-manager/install.js';
import { isKeyOf, readPair, type StoredPair, type WantedPair, writePair } from '../../src/linkerd/cert-manager/pair.js';
import type { Certificate } from '../../src/pki/certificate.js';
import { createCross } from '../../src/pki/issue.js';
import { parseKey } from '../../src/pki/key.js';
import { hasSigned, selfSignedOf } from '../../src/pki/signatures.js';
import type { RotationSecret } from '../../src/records/rotation-secret.js';
import { pause } from './heartbeat.js';

/** What the Secrets of cert-manager's Certificates hold during a rotation. */

export const TLS = 'tls.crt';

/** Until cert-manager's own cache has seen that a request is gone: what it sees too late it issues anew. */
const CACHE_MS = 1500;
const LOOKS = 60;
const LOOK_MS = 2000;

/**
 * What the root's Secret holds, which is what cert-manager signs issuers with.
 * - `cross`: the new root's key, certified by the root of the start. Whatever is signed with it is verified by those that trust
 *   the one root, and by those that trust the other.
 * - `new`: the new root itself. `start`: that of the start. `any`: the new root's key, whichever of the two it stands in.
 */
export type RootForm = 'cross' | 'new' | 'start' | 'any';

/** @returns whether it had to be written */
export async function holdRoot(
  k8s: Kubernetes,
  certificate: ManagedCertificate,
  rotation: RotationSecret,
  form: RootForm,
): Promise<boolean> {
  const now = clusterNow(k8s);
  const isHeld = ({ certificates: [first] }: StoredPair) => first !== undefined && isForm(first, rotation, form, now);
  return await bringPair(k8s, certificate, (read) => (isHeld(read) ? undefined : contentOf(rotation, form, now)));
}

function isForm(first: Certificate, rotation: RotationSecret, form: RootForm, now: Date): boolean {
  if (form === 'start') return rotation.previous.roots.some(({ fingerprint }) => fingerprint === first.fingerprint);
  if (form === 'any' && isCross(first, rotation)) return true;
  if (form === 'cross' && canCross(rotation, now)) return isCross(first, rotation);
  return first.fingerprint === rotation.root.fingerprint;
}

/** The new root's key under the root of the start. */
export function isCross(certificate: Certificate, { root, previous }: RotationSecret): boolean {
  return (
    certificate.fingerprint !== root.fingerprint &&
    certificate.publicKeyDer.equals(root.publicKeyDer) &&
    previous.roots.some((old) => hasSigned(old, certificate))
  );
}

/** A root that proxies trust already, with its key: for the activity that needs it and for nobody else. */
export interface RootOfStart {
  root: Certificate;
  keyPem: string;
}

/** The root of the start whose key is at hand, unless it permits no CA below it but the issuer. */
export function startOf({ previous }: RotationSecret): RootOfStart | undefined {
  const { rootKeyPem: keyPem } = previous;
  const root = selfSignedOf(previous.roots.filter((one) => isKeyOf(keyPem, one)));
  return root && keyPem ? { root, keyPem } : undefined;
}

/** Whether those that trust the root of the start alone can be made to verify what the new one signs; expired, it certifies nothing. */
export function canCross(rotation: RotationSecret, now: Date): boolean {
  const start = startOf(rotation);
  return start !== undefined && certifies(start.root, now);
}

/** Whether a root lasts, and may stand above another one. */
export function certifies({ notAfter, pathLength = 1 }: Certificate, now: Date): boolean {
  return notAfter > now && pathLength >= 1;
}

function contentOf(rotation: RotationSecret, form: RootForm, now: Date): WantedPair {
  const { root, rootKeyPem } = rotation;
  const start = startOf(rotation);
  if (form === 'start') {
    if (!start) throw keyMissing('the root of the start');
    return { certificates: [start.root], keyPem: start.keyPem, ca: start.root };
  }
  if (rootKeyPem === undefined) throw keyMissing('the new root');
  if (form === 'new' || !start || !canCross(rotation, now))
    return { certificates: [root], keyPem: rootKeyPem, ca: root };
  const cross = createCross({ root, by: start.root, byKey: parseKey(start.keyPem) });
  // cert-manager puts ca.crt behind tls.crt, and signs with nothing that is not one chain (pkg/util/pki `ParseSingleCertificateChain`)
  return { certificates: [cross], keyPem: rootKeyPem, ca: start.root };
}

function keyMissing(what: string): ApplicationFailure {
  return ApplicationFailure.nonRetryable(
    `the key of ${what} is not at hand, so cert-manager's Secret cannot be brought back to it`,
    'RootKeyMissing',
  );
}

/**
 * Brings the Secret of a Certificate to other certificates. With the key that it has, cert-manager leaves them alone. With
 * another, the request that it was issued by goes first; and while cert-manager is at it, it is waited for.
 */
export async function bringPair(
  k8s: Kubernetes,
  certificate: ManagedCertificate,
  decide: (read: StoredPair) => WantedPair | undefined,
): Promise<boolean> {
  let written = false;
  for (let look = 1; look <= LOOKS; look += 1) {
    const outcome = await withFreshRead(async () => await tryPair(k8s, certificate, decide));
    if (outcome === 'held') return written;
    if (outcome === 'written') written = true;
    if (outcome === 'sameKey') return true;
    await pause(outcome === 'forgotten' ? CACHE_MS : LOOK_MS);
  }
  throw ApplicationFailure.retryable(
    `cert-manager issues Certificate ${nameOf(certificate)} anew each time that its Secret is put back: look at its events`,
    'CertificateReissued',
  );
}

type Tried = 'held' | 'written' | 'sameKey' | 'forgotten' | 'issuing';

async function tryPair(
  k8s: Kubernetes,
  certificate: ManagedCertificate,
  decide: (read: StoredPair) => WantedPair | undefined,
): Promise<Tried> {
  const issuing = isIssuing(await readCertificate(k8s, certificate));
  const read = await readPair(k8s, certificate.secret, TLS);
  const wanted = decide(read);
  if (!wanted) return issuing ? 'issuing' : 'held';
  const write = async () => await writePair(k8s, certificate.secret, { read, key: TLS, wanted });
  if (isKeyOf(read.keyPem, wanted.certificates[0])) return (await write()) ? 'sameKey' : 'held';
  if (issuing) return 'issuing';
  if (await forgetRequest(k8s, certificate)) return 'forgotten';
  return (await write()) ? 'written' : 'held';
}

export function nameOf({ namespace, name }: Pick<ManagedCertificate, 'namespace' | 'name'>): string {
  return `${namespace}/${name}`;
}
