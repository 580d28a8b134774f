import { ApplicationFailure } from '@temporalio/activity';
import type { Kubernetes } from '../../src/kubernetes/client.js';
import { clusterNow } from '../../src/kubernetes/clock.js';
import { conditionOf, isIssuing, readCertificate, renew } from '../../src/linkerd/cert-manager/certificate.js';
import type { ManagedCertificate } from '../../src/linkerd/cert-manager/install.js';
import { readPair, type StoredPair } from '../../src/linkerd/cert-manager/pair.js';
import { plain } from '../../src/ground/plain.js';
import type { Certificate } from '../../src/pki/certificate.js';
import { createCross } from '../../src/pki/issue.js';
import { anchorsOfIssuer } from '../../src/pki/issuer-anchors.js';
import { parseKey } from '../../src/pki/key.js';
import { isRenewedStart, issuerStateOf } from '../../src/records/issuer-states.js';
import { type RotationSecret, storeIssuer, storeIssuerOfStart } from '../../src/records/rotation-secret.js';
import { formatBundle } from '../../src/pki/bundle.js';
import { pause, reportProgress } from './heartbeat.js';
import type { Managed } from './managed.js';
import type { StoredRotation } from './stored-rotation.js';
import { bringPair, canCross, holdRoot, nameOf, type RootOfStart, startOf, TLS } from './root-secret.js';

/** The issuer where cert-manager makes it: it is renewed by its own means, and whenever cert-manager renews it, that is taken up. */

const LOOKS = 120;
const LOOK_MS = 2000;
/** Until cert-manager's own cache has what a person has just written to the CA Secret. */
const CACHE_MS = 1500;

type Chain = [Certificate, ...Certificate[]];

export function chainOf({ certificates }: StoredPair): Chain | undefined {
  const [first, ...others] = certificates;
  return first && [first, ...others];
}

/**
 * Takes up what cert-manager has done by itself, on the way forward: an issuer of the start that it has renewed is that of the
 * start from now on, and one that it has made under the new root gets what those need who do not trust that yet.
 * @returns whether anything was written
 */
export async function takeUpIssuer(
  k8s: Kubernetes,
  { rotation: stored, managed: { issuer } }: { rotation: StoredRotation; managed: Managed },
): Promise<boolean> {
  if (!issuer) return false;
  const { secret: rotation, isBack } = stored;
  const { namespace } = stored.linkerd;
  const read = await readPair(k8s, issuer.secret, TLS);
  const chain = chainOf(read);
  if (!chain) return false;
  if (issuerStateOf(chain, rotation) === undefined && isRenewedStart(rotation, chain[0])) {
    const certificatePem = formatBundle(chain, { finalNewline: true });
    await storeIssuerOfStart(k8s, namespace, rotation, { certificatePem, keyPem: read.keyPem });
    return true;
  }
  const now = clusterNow(k8s);
  const start = startOf(rotation);
  const lacks = (found: Chain) => lacksCross(found, rotation, now);
  if (isBack || !start || !lacks(chain)) return false;
  return await putCrossBehind(k8s, issuer, { root: rotation.root, start, lacks });
}

/** What has to stand behind an issuer, and when it is missing there. */
interface Cross {
  root: Certificate;
  /** Certifies it. */
  start: RootOfStart;
  lacks(chain: Chain): boolean;
}

/** The issuer gets the new root's key behind it, as the root before it certifies that. @returns whether it was missing */
export async function putCrossBehind(
  k8s: Kubernetes,
  issuer: ManagedCertificate,
  { root, start, lacks }: Cross,
): Promise<boolean> {
  const cross = createCross({ root, by: start.root, byKey: parseKey(start.keyPem) });
  return await bringPair(k8s, issuer, (read) => {
    const chain = chainOf(read);
    return chain && lacks(chain) ? { certificates: [...chain, cross] } : undefined;
  });
}

/** An issuer under the new root that those cannot verify who trust the root of the start alone, before everybody is proven to trust the new one. */
export function lacksCross(chain: Chain, rotation: RotationSecret, now: Date): boolean {
  if (rotation.retire.length === 0 || rotation.issuer || !canCross(rotation, now)) return false;
  if (issuerStateOf(chain, rotation) !== 'new') return false;
  return anchorsOfIssuer(chain, rotation.previous.roots).length === 0;
}

/** The issuer under the new root alone, as it is at the end of a rotation. */
export function isFinal(chain: Chain, rotation: RotationSecret): boolean {
  return issuerStateOf(chain, rotation) === 'new' && chain.length === finalOf(chain, rotation).length;
}

/** Without what only those need who trust the root of the start alone. */
function finalOf(chain: Chain, { root, previous }: RotationSecret): Certificate[] {
  const isCrossed = (certificate: Certificate) =>
    certificate.publicKeyDer.equals(root.publicKeyDer) ||
    previous.roots.some(({ fingerprint }) => fingerprint === certificate.fingerprint);
  return chain.filter((certificate, index) => index === 0 || !isCrossed(certificate));
}

/**
 * Brings cert-manager to the end of a rotation: it signs with the new root, and has made the issuer under it.
 * @throws ApplicationFailure `IssuerKeyUnchanged`, `RootRenewed`, `CertificateNotIssued`
 */
export async function bringNew(
  k8s: Kubernetes,
  namespace: string,
  { root, issuer, ca }: Managed & { issuer: ManagedCertificate },
  rotation: RotationSecret,
): Promise<boolean> {
  const isRoot = rotation.retire.length > 0;
  if (root && isRoot) await holdRoot(k8s, root, rotation, 'new');
  if (root && !isRoot) await refuseOtherRoot(k8s, root, rotation);
  const isNew = (read: StoredPair): boolean => {
    const chain = chainOf(read);
    return chain !== undefined && issuerStateOf(chain, rotation) === 'new';
  };
  const before = await readPair(k8s, issuer.secret, TLS);
  if (!isNew(before)) {
    if (ca) await pause(CACHE_MS);
    await renewUntil(k8s, issuer, isNew, () => refuseRenewed(k8s, issuer, rotation));
  }
  await bringPair(k8s, issuer, (read) => {
    const chain = chainOf(read);
    return !chain || !isNew(read) || isFinal(chain, rotation)
      ? undefined
      : { certificates: finalOf(chain, rotation), ca: rotation.root };
  });
  const after = await readPair(k8s, issuer.secret, TLS);
  const pem = formatBundle(after.certificates, { finalNewline: true });
  if (rotation.issuerPem !== pem) await storeIssuer(k8s, namespace, rotation, pem);
  return before.secret.metadata?.resourceVersion !== after.secret.metadata?.resourceVersion;
}

/** It would sign with a root that nobody has been told of. */
async function refuseOtherRoot(k8s: Kubernetes, root: ManagedCertificate, rotation: RotationSecret): Promise<void> {
  const { certificates } = await readPair(k8s, root.secret, TLS);
  if (certificates[0]?.publicKeyDer.equals(rotation.root.publicKeyDer)) return;
  throw ApplicationFailure.nonRetryable(
    `Certificate ${nameOf(root)} has been renewed, and the mesh does not trust it as a root of its own yet: an issuer that is ` +
      'renewed now would be under it. Rotate the root (`reroot rotate`): it goes on from there',
    'RootRenewed',
  );
}

async function refuseRenewed(k8s: Kubernetes, issuer: ManagedCertificate, rotation: RotationSecret): Promise<void> {
  const { previous } = rotation;
  const { certificates } = await readPair(k8s, issuer.secret, TLS);
  const [first] = certificates;
  const isRenewed = first !== undefined && first.notBefore > previous.issuer.notBefore;
  if (!isRenewed || first.fingerprint === previous.issuer.fingerprint) return;
  if (isIssuing(await readCertificate(k8s, issuer))) return;
  if (isRenewedStart(rotation, first)) throw notIssued(issuer, 'its Issuer signs with the root of the start still');
  if (!first.publicKeyDer.equals(previous.issuer.publicKeyDer)) return;
  throw ApplicationFailure.nonRetryable(
    `Certificate ${nameOf(issuer)} was renewed with the same key: set its spec.privateKey.rotationPolicy to Always, then \`retry\``,
    'IssuerKeyUnchanged',
  );
}

/** Renews a Certificate, and waits for what its Secret is to hold then. */
export async function renewUntil(
  k8s: Kubernetes,
  certificate: ManagedCertificate,
  isDone: (read: StoredPair) => boolean,
  look: () => Promise<void> = async () => undefined,
): Promise<StoredPair> {
  await renew(k8s, certificate);
  for (let times = 1; times <= LOOKS; times += 1) {
    const read = await readPair(k8s, certificate.secret, TLS);
    const now = await readCertificate(k8s, certificate);
    if (isDone(read) && !isIssuing(now)) return read;
    if (!isIssuing(now)) await look();
    reportProgress({ waitingFor: [`cert-manager, for Certificate ${nameOf(certificate)}`] });
    const failed = conditionOf(now, 'Issuing');
    if (failed?.status === 'False' && failed.reason === 'Failed') throw notIssued(certificate, failed.message);
    await pause(LOOK_MS);
  }
  throw notIssued(certificate, 'nothing happened');
}

function notIssued(certificate: ManagedCertificate, why = 'it does not say why'): ApplicationFailure {
  return ApplicationFailure.retryable(
    `cert-manager has not renewed Certificate ${nameOf(certificate)}: ${plain(why)}. Look at its events, and at its Issuer`,
    'CertificateNotIssued',
  );
}
