import { ApplicationFailure } from '@temporalio/activity';
import { present } from '../../src/ground/present.js';
import type { Kubernetes } from '../../src/kubernetes/client.js';
import type { ManagedCertificate } from '../../src/linkerd/cert-manager/install.js';
import { isKeyOf, readPair, type StoredPair } from '../../src/linkerd/cert-manager/pair.js';
import type { Linkerd } from '../../src/linkerd/detect.js';
import type { Certificate } from '../../src/pki/certificate.js';
import { awaitBundle, changePrevious } from './bundle-sources.js';
import { renewUntil } from './issuer-of-cert-manager.js';
import type { Managed } from './managed.js';
import { nameOf, TLS } from './root-secret.js';

/** A new root that cert-manager has made, with what its Secrets are written from later. */
export interface RenewedRoot {
  root: Certificate;
  rootKeyPem: string;
  /** Of the root of the start; absent: it is nowhere any more. */
  previousRootKeyPem?: string;
}

/**
 * The new root of cert-manager: its Certificate is renewed, once the one in use has its place among the bundle's sources. One
 * that has been renewed already, by an earlier try or by itself, is the new root.
 * @param roots those that the issuer in use is under
 * @throws ApplicationFailure `RootKeyUnchanged`, `CertificateNotIssued`, `BundleNotMade`
 */
export async function renewedRoot(
  k8s: Kubernetes,
  linkerd: Linkerd,
  { managed, roots }: { managed: Managed & { root: ManagedCertificate }; roots: readonly Certificate[] },
): Promise<RenewedRoot> {
  const { root: certificate, sources } = managed;
  refuseSameKeyPolicy(certificate);
  const isInUse = ({ certificates: [first] }: StoredPair) =>
    first !== undefined && roots.some(({ publicKeyDer }) => publicKeyDer.equals(first.publicKeyDer));
  const before = await readPair(k8s, certificate.secret, TLS);
  if (sources) await keepStart(k8s, linkerd, { managed: { ...managed, sources }, roots, keyPem: before.keyPem });
  const issued = isInUse(before) ? before.certificates[0]?.fingerprint : undefined;
  const isRenewed = ({ certificates: [first] }: StoredPair) =>
    first !== undefined && first.fingerprint !== issued && (issued !== undefined || !isInUse(before));
  const now = isInUse(before) ? await renewUntil(k8s, certificate, isRenewed) : before;
  const [root] = now.certificates;
  if (!root || isInUse(now)) throw sameKey(certificate);
  const previous = sources && (await readPair(k8s, sources.previous, sources.key));
  const keys = [before.keyPem, previous?.keyPem];
  const previousRootKeyPem = keys.find((key) => roots.some((start) => isKeyOf(key, start)));
  return { root, rootKeyPem: now.keyPem, ...present({ previousRootKeyPem }) };
}

/**
 * Renews the issuer while it is the root of the start that signs it: its next renewal falls behind the waits of the rotation.
 * @returns whether it did
 */
export async function renewFirst(
  k8s: Kubernetes,
  { root, issuer }: Managed,
  roots: readonly Certificate[],
): Promise<boolean> {
  if (!root || !issuer) return false;
  const { certificates: signing } = await readPair(k8s, root.secret, TLS);
  if (!roots.some(({ publicKeyDer }) => signing[0]?.publicKeyDer.equals(publicKeyDer))) return false;
  const { certificates } = await readPair(k8s, issuer.secret, TLS);
  await renewUntil(k8s, issuer, (read) => read.certificates[0]?.fingerprint !== certificates[0]?.fingerprint);
  return true;
}

/** The root of the start stays in the bundle when the Certificate of the root is renewed. */
async function keepStart(
  k8s: Kubernetes,
  linkerd: Linkerd,
  {
    managed,
    roots,
    keyPem,
  }: { managed: Managed & { sources: NonNullable<Managed['sources']> }; roots: readonly Certificate[]; keyPem: string },
): Promise<void> {
  await changePrevious(k8s, managed.sources, { add: roots }, [keyPem]);
  await awaitBundle(k8s, linkerd, managed, { add: roots });
}

/** Said before anything is renewed, where the Certificate says it itself. */
function refuseSameKeyPolicy(certificate: ManagedCertificate): void {
  if (certificate.resource.spec?.privateKey?.rotationPolicy === 'Never') throw sameKey(certificate);
}

function sameKey(certificate: ManagedCertificate): ApplicationFailure {
  return ApplicationFailure.nonRetryable(
    `Certificate ${nameOf(certificate)} is renewed with the key that it has: old and new root would verify each other's leaves, ` +
      'and nothing would be rotated. Set its spec.privateKey.rotationPolicy to Always (the default from cert-manager 1.18 on)',
    'RootKeyUnchanged',
  );
}
