import { plain } from '../../src/ground/plain.js';
import { present } from '../../src/ground/present.js';
import type { Kubernetes } from '../../src/kubernetes/client.js';
import { clusterNow } from '../../src/kubernetes/clock.js';
import { readClusterUid } from '../../src/kubernetes/cluster.js';
import { ifThere } from '../../src/kubernetes/errors.js';
import type { CertManagerInstall, SecretReference } from '../../src/linkerd/cert-manager/install.js';
import { readPair, type StoredPair } from '../../src/linkerd/cert-manager/pair.js';
import { readInstall } from '../../src/linkerd/cert-manager/read.js';
import { detectLinkerd, type Linkerd } from '../../src/linkerd/detect.js';
import { findIssuer, type StoredIssuer } from '../../src/linkerd/identity/issuer.js';
import { readAnchors } from '../../src/linkerd/layouts/stores.js';
import { addAnchors } from '../../src/pki/bundle.js';
import type { Certificate } from '../../src/pki/certificate.js';
import { anchorsOfIssuer } from '../../src/pki/issuer-anchors.js';
import { holderOf, readLease } from '../../src/records/lease.js';
import { readRotationSecret } from '../../src/records/rotation-secret.js';
import type { RenewalLook } from '../../src/rotation/watch.js';
import type { Dependencies } from './dependencies.js';
import { describeHolder } from './fence.js';
import { askForHolder, ownHolder } from './lease-holder.js';
import { certificateFacts } from '../../src/rotation/certificate-facts.js';
import { observeAnchors } from './proxies.js';
import { certifies } from './root-secret.js';
import { rootBefore, trusts } from './undriven-root.js';

/** What was seen, and what a repair of the slot of the previous root is made from. */
export interface Looked {
  look: RenewalLook;
  inUse: Certificate[];
  /** As it was read, before it was known that nobody has the cluster: a write rests on that. */
  previous?: Slot;
  /** Of the root in the Secret of its Certificate: for the activity that read it and for nobody else. */
  rootKeyPem: string;
  /** What the look was made from. */
  linkerd: Linkerd;
  install: CertManagerInstall;
  bundle: Certificate[];
  issuer: StoredIssuer['certificates'];
}

/** A Secret that the bundle is made of. */
export interface Slot extends StoredPair {
  reference: SecretReference;
  /** Of its data: where the certificates are. */
  key: string;
}

/** What a look has read of the mesh and of the root's Certificate. */
interface Read {
  linkerd: Linkerd;
  root: Certificate | undefined;
  rootKeyPem: string;
  previous: Slot | undefined;
  bundle: Certificate[];
  issuer: StoredIssuer['certificates'];
  inUse: Certificate[];
}

/** Looks at the root that cert-manager has made, and at what the mesh works with; changes nothing. */
export async function lookAtRoot(dependencies: Dependencies, wantedNamespace: string | undefined): Promise<Looked> {
  const { k8s } = dependencies;
  const linkerd = await detectLinkerd(k8s, wantedNamespace);
  const install = await readInstall(k8s, linkerd);
  const read = await readRoots(k8s, linkerd, install);
  const { root, rootKeyPem, previous, bundle, issuer, inUse } = read;
  const seen: RenewalLook = {
    at: clusterNow(k8s).toISOString(),
    linkerdNamespace: linkerd.namespace,
    clusterUid: await readClusterUid(k8s),
    inUse: inUse.map(certificateFacts),
    ...certificateOf(install),
    ...(root ? { root: certificateFacts(root) } : {}),
    ...(previous ? { previous: slotFacts(previous) } : {}),
    ...(isSameKey(read) ? { sameKey: true } : {}),
    ...(await whoHas(dependencies, linkerd)),
  };
  const look = { ...seen, ...(await asked(dependencies, read, seen)) };
  return { look, inUse, rootKeyPem, linkerd, install, bundle, issuer, ...present({ previous }) };
}

function certificateOf({ root }: CertManagerInstall): Pick<RenewalLook, 'certificate' | 'renewalTime'> {
  if (!root) return {};
  const { renewalTime } = root.resource.status ?? {};
  return present({
    certificate: plain(`${root.namespace}/${root.name}`),
    renewalTime: renewalTime === undefined ? undefined : plain(renewalTime),
  });
}

/** What the slot of the previous root holds, as a look says it. */
export function slotFacts({
  reference,
  certificates,
}: Pick<Slot, 'reference' | 'certificates'>): NonNullable<RenewalLook['previous']> {
  const holds = certificates.map(({ fingerprint }) => fingerprint);
  return { secret: plain(`${reference.namespace}/${reference.name}`), holds };
}

/** The slot is read first of all: what is written into it rests on what was seen after that. */
async function readRoots(k8s: Kubernetes, linkerd: Linkerd, { root, sources }: CertManagerInstall): Promise<Read> {
  const key = sources?.key ?? 'tls.crt';
  const previous = await readSlot(k8s, sources?.previous, key);
  const made = await readSlot(k8s, root?.secret, key);
  const stores = await readAnchors(k8s, linkerd);
  const [{ certificates: bundle }] = stores;
  const known = [
    ...certificatesOf(made).slice(0, 1),
    ...certificatesOf(previous),
    ...stores.flatMap(({ certificates }) => certificates),
  ];
  const { certificates: issuer } = await findIssuer(k8s, linkerd);
  const inUse = withoutTwins(anchorsOfIssuer(issuer, addAnchors([], known)));
  return { linkerd, root: certificatesOf(made)[0], rootKeyPem: made?.keyPem ?? '', previous, bundle, issuer, inUse };
}

function certificatesOf(slot: Slot | undefined): Certificate[] {
  return slot?.certificates ?? [];
}

/** A rotation by bridge leaves its root beside the same, signed by the root before it: one root, to whoever verifies with it. */
function withoutTwins(roots: readonly Certificate[]): Certificate[] {
  return roots.filter((root, index) => !roots.slice(0, index).some((before) => isTwin(root, before)));
}

/** Key, name and times are the same (`createCross`), which no renewal leaves so. */
function isTwin(one: Certificate, other: Certificate): boolean {
  return (
    one.publicKeyDer.equals(other.publicKeyDer) &&
    one.subjectDer.equals(other.subjectDer) &&
    one.notBefore.getTime() === other.notBefore.getTime() &&
    one.notAfter.getTime() === other.notAfter.getTime()
  );
}

async function readSlot(
  k8s: Kubernetes,
  reference: SecretReference | undefined,
  key: string,
): Promise<Slot | undefined> {
  if (!reference) return undefined;
  const pair = await ifThere(readPair(k8s, reference, key));
  return pair && { ...pair, reference, key };
}

/** Whichever of two certificates of one key verifies, the other does too. */
function isSameKey({ root, inUse }: Read): boolean {
  return inUse.some(
    ({ fingerprint, publicKeyDer }) =>
      root !== undefined && fingerprint !== root.fingerprint && publicKeyDer.equals(root.publicKeyDer),
  );
}

/** Who has the cluster, or has left it half way. */
async function whoHas(
  { k8s, temporalAddress }: Dependencies,
  { namespace }: Linkerd,
): Promise<Pick<RenewalLook, 'rotating' | 'leftBehind'>> {
  const found = await readLease(k8s, namespace);
  const holder = found && holderOf(found);
  if (holder && (await askForHolder(holder, await ownHolder(temporalAddress, ''))) !== 'closed')
    return { rotating: describeHolder(holder) };
  return (await readRotationSecret(k8s, namespace)) ? { leftBehind: true } : {};
}

/**
 * An issuer under the root of its Certificate is no proof that the mesh trusts that: it may have been renewed after the root.
 * Where the slots do not tell, the proxies do.
 */
async function asked(
  dependencies: Dependencies,
  { linkerd, root, previous, bundle, inUse }: Read,
  { rotating, leftBehind, sameKey }: RenewalLook,
): Promise<Pick<RenewalLook, 'untrusting' | 'certifiable'>> {
  if (!root || !isAmong(root, inUse) || (rotating ?? leftBehind ?? sameKey)) return {};
  if (isAmong(root, bundle) && (!previous || isAmong(root, previous.certificates))) return {};
  const proxies = await observeAnchors(dependencies, linkerd);
  const trusting = proxies.filter(trusts([root]));
  const certifiable = isCertifiable({ root, previous, bundle }, clusterNow(dependencies.k8s));
  return {
    untrusting: { proxies: proxies.length - trusting.length, of: proxies.length },
    ...(certifiable ? { certifiable } : {}),
  };
}

function isCertifiable(
  { root, previous, bundle }: Pick<Read, 'previous' | 'bundle'> & { root: Certificate },
  now: Date,
): boolean {
  const before = previous && rootBefore(previous, { anchors: bundle, root });
  return before !== undefined && certifies(before.root, now);
}

function isAmong({ fingerprint }: Certificate, certificates: readonly Certificate[]): boolean {
  return certificates.some((other) => other.fingerprint === fingerprint);
}
