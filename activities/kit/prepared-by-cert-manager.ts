import { ApplicationFailure } from '@temporalio/activity';
import { present } from '../../src/ground/present.js';
import { issueTime } from '../../src/kubernetes/clock.js';
import type { ManagedCertificate } from '../../src/linkerd/cert-manager/install.js';
import type { Linkerd } from '../../src/linkerd/detect.js';
import { isKeyOf } from '../../src/linkerd/cert-manager/pair.js';
import { readIssuer, type StoredIssuer } from '../../src/linkerd/identity/issuer.js';
import type { Certificate } from '../../src/pki/certificate.js';
import { anchorsOfIssuer } from '../../src/pki/issuer-anchors.js';
import { selfSignedOf } from '../../src/pki/signatures.js';
import type { NewRotation, RotationSecret } from '../../src/records/rotation-secret.js';
import { courseOf } from '../../src/rotation/courses/index.js';
import { keepsRootKey } from '../../src/rotation/input.js';
import { readSuppliedCertificates } from '../../src/records/supplied.js';
import type { StepInput } from '../../src/rotation/payloads.js';
import { changePrevious } from './bundle-sources.js';
import { readCa } from './ca-secret.js';
import type { Dependencies } from './dependencies.js';
import { makeBridge, makeIssuerUnder, makeRoot } from './make-certificates.js';
import { linkerdOf, type Managed, managedOf } from './managed.js';
import { renewedRoot, renewFirst } from './renewed-root.js';
import { holdRoot } from './root-secret.js';
import { rootBehind } from './undriven-root.js';

interface Found {
  linkerd: Linkerd;
  anchors: readonly Certificate[];
}

/** What an abort needs of the start. */
export function startOfRotation(
  { certificatePem, keyPem }: StoredIssuer,
  firstRunId: string | undefined,
): Pick<NewRotation, 'previousIssuerPem' | 'previousIssuerKeyPem' | 'firstRunId'> {
  return { previousIssuerPem: certificatePem, previousIssuerKeyPem: keyPem, ...present({ firstRunId }) };
}

/** Of a rotation: the same for whoever adopts it. */
export function shortName({ fingerprint }: Certificate): string {
  return fingerprint.slice(0, 12);
}

/** A rotation whose root, or issuer where that alone is replaced, cert-manager makes; undefined: it is made otherwise. */
export async function preparedByCertManager(
  dependencies: Dependencies,
  input: StepInput,
  { linkerd, anchors }: Found,
): Promise<NewRotation | undefined> {
  const { k8s } = dependencies;
  const managed = await managedOf(k8s, input, linkerd);
  const { root, issuer, ca } = managed;
  const found = await readIssuer(k8s, linkerd);
  const roots = anchorsOfIssuer(found.certificates, anchors);
  if (courseOf(input.course).replaces === 'issuer') return issuer && ofIssuerAlone(input, found, roots);
  if (!root) return issuer && (await ofRootOutside(k8s, input, { linkerd, current: found, roots, ca }));
  const behind = await rootBehind(dependencies, managed, { linkerd, anchors, found });
  if (behind) {
    const current = await readIssuer(k8s, linkerd);
    return await ofRoot(k8s, input, { linkerd, current, roots: [behind], managed: { ...managed, root } });
  }
  const isFirst = input.owners?.issuer.renewFirst === true && (await renewFirst(k8s, managed, roots));
  const current = isFirst ? await readIssuer(k8s, linkerd) : found;
  return await ofRoot(k8s, input, { linkerd, current, roots, managed: { ...managed, root } });
}

function ofIssuerAlone({ firstRunId }: StepInput, current: StoredIssuer, roots: readonly Certificate[]): NewRotation {
  const root = selfSignedOf(roots);
  if (!root) throw underNoAnchor();
  const id = shortName(current.certificates[0]);
  return { ...startOfRotation(current, firstRunId), id, rootPem: root.pem, retire: [] };
}

/** Without its root nobody could tell what has to be taken out, and whoever makes the bundle may leave out what has expired. */
function underNoAnchor(): ApplicationFailure {
  return ApplicationFailure.nonRetryable(
    'the issuer in use is under no anchor of the bundle. Where trust-manager leaves out what has expired ' +
      '(`--filter-expired-certificates`), have it leave that in until the rotation is through',
    'BadCertificates',
  );
}

/**
 * No Certificate makes the root: it is the user's own, or else made here, for whoever writes the CA Secret. It signs the issuer when
 * that one has brought it to cert-manager's Issuer.
 */
async function ofRootOutside(
  k8s: Dependencies['k8s'],
  { settings, course, firstRunId, owners }: StepInput,
  { linkerd, current, roots, ca }: Omit<InUse, 'managed'> & { ca: Managed['ca'] | undefined },
): Promise<NewRotation> {
  const { certificates } = settings;
  if (!certificates && !ca)
    throw ApplicationFailure.nonRetryable(
      'no Certificate of cert-manager makes the root: name the new one with `certificates.secret`',
      'BadCertificates',
    );
  const at = { settings, linkerd, owners, now: issueTime(k8s) };
  const { root, rootKeyPem } = certificates
    ? await readSuppliedCertificates(k8s, linkerd, { ...certificates, isRootEnough: true })
    : makeRoot(at);
  const signing = ca && (await readCa(k8s, ca));
  return {
    ...startOfRotation(current, firstRunId),
    ...present({
      // one that was made here goes to the CA Secret from there
      rootKeyPem: keepsRootKey(settings) || !certificates ? rootKeyPem : undefined,
      // whoever has to put the root of the start back may take its key from there
      previousRootKeyPem: roots.some((start) => isKeyOf(signing?.keyPem, start)) ? signing?.keyPem : undefined,
      bridgePem: courseOf(course).bridge
        ? makeBridge({ root, ...present({ rootKeyPem }) }, current, at).pem
        : undefined,
    }),
    id: shortName(root),
    rootPem: root.pem,
    retire: roots.filter(({ fingerprint }) => fingerprint !== root.fingerprint),
  };
}

interface InUse {
  linkerd: Linkerd;
  current: StoredIssuer;
  roots: readonly Certificate[];
  managed: Managed & { root: ManagedCertificate };
}

/** The issuer is cert-manager's, too, when its time has come; or else it is made here. */
async function ofRoot(
  k8s: Dependencies['k8s'],
  { settings, course, firstRunId, owners }: StepInput,
  { linkerd, current, roots, managed }: InUse,
): Promise<NewRotation> {
  if (roots.length === 0) throw underNoAnchor();
  const { root, ...keys } = await renewedRoot(k8s, linkerd, { managed, roots });
  const { rootKeyPem } = keys;
  const at = { settings, linkerd, owners, now: issueTime(k8s) };
  const bridgePem = courseOf(course).bridge ? makeBridge({ root, rootKeyPem }, current, at).pem : undefined;
  return {
    ...startOfRotation(current, firstRunId),
    ...keys,
    ...(managed.issuer ? {} : makeIssuerUnder(root, rootKeyPem, at)),
    ...present({ bridgePem }),
    id: shortName(root),
    rootPem: root.pem,
    retire: roots.filter(({ fingerprint }) => fingerprint !== root.fingerprint),
  };
}

/**
 * From the moment on that cert-manager has a new root it may sign with it: whatever it signs is to be verified by those that
 * trust the root of the start alone.
 */
export async function keepApart({ k8s }: Dependencies, input: StepInput, made: RotationSecret): Promise<void> {
  if (made.retire.length === 0 || made.issuer) return;
  const linkerd = await linkerdOf(k8s, input);
  const { root, sources } = await managedOf(k8s, input, linkerd);
  if (sources) await changePrevious(k8s, sources, { add: [...made.previous.roots, made.root] }, []);
  if (root) await holdRoot(k8s, root, made, 'cross');
}
