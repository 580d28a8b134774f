import { ApplicationFailure } from '@temporalio/activity';
import { present } from '../../src/ground/present.js';
import { clusterNow } from '../../src/kubernetes/clock.js';
import type { Kubernetes } from '../../src/kubernetes/client.js';
import { FIELD_MANAGER } from '../../src/kubernetes/own-names.js';
import { withFreshRead } from '../../src/kubernetes/patch.js';
import type { Linkerd } from '../../src/linkerd/detect.js';
import { ISSUER_KEYS, readIssuer, replaceIssuer, type StoredIssuer } from '../../src/linkerd/identity/issuer.js';
import { changeIssuerCopies, readAnchors } from '../../src/linkerd/layouts/stores.js';
import { ISSUER_SECRET } from '../../src/linkerd/names.js';
import { issuerFile } from '../../src/pki/bundle.js';
import type { Certificate } from '../../src/pki/certificate.js';
import { anchorsOfIssuer } from '../../src/pki/issuer-anchors.js';
import { selfSignedOf } from '../../src/pki/signatures.js';
import { issuerIn, issuerStateOf, isSameIssuer } from '../../src/records/issuer-states.js';
import { ROTATION_SECRET } from '../../src/records/names.js';
import type { RotationSecret } from '../../src/records/rotation-secret.js';
import { isHandedOff } from '../../src/rotation/owners.js';
import { isPast } from '../../src/rotation/reverted.js';
import type { IssuerState } from '../../src/rotation/courses/course.js';
import type { StepInput, SwapResult } from '../../src/rotation/payloads.js';
import type { Dependencies } from './dependencies.js';
import { sameWriter } from './hand-off.js';
import { issuerHandOff } from './hand-off-issuer.js';
import { signerHandOff } from './hand-off-signer.js';
import { bringNew, isFinal } from './issuer-of-cert-manager.js';
import { type Managed, managedOf } from './managed.js';
import { bringPair } from './root-secret.js';
import { helmUpgrade } from './helm-now.js';
import { readRotation, type StoredRotation } from './stored-rotation.js';

/** Where a rotation stands, as the stores show it. */
interface Standing {
  isBack: boolean;
  /** The bundle has the target, and nothing retired any more. */
  isPast: boolean;
}

/** Whether what the issuer Secret holds is to be left as it is, or is of a certain kind. */
export type Stays = (found: IssuerState | undefined, standing: Standing) => boolean;

interface IssuerNow extends Standing {
  stored: StoredRotation;
  current: StoredIssuer;
  found: IssuerState | undefined;
  /** The bundle that the control plane reads, as fingerprints. */
  bundle: string[];
  managed: Managed;
}

/** A write of the issuer Secret that is next, and what it was decided from. */
export interface NextSwap {
  state: IssuerState;
  /** What the issuer Secret holds until then. */
  found: IssuerState | undefined;
  bundle: readonly string[];
}

/** What is to be written, and what has to be so at that moment. */
export interface Swap {
  /** Decides from what the Secret holds at the very read that the write depends on; undefined leaves it. */
  wanted(found: IssuerState | undefined, standing: Standing): IssuerState | undefined;
  /** Between that read and the write; throws where it must not be written. */
  guard?(rotation: StoredRotation, next: NextSwap): Promise<void>;
  /** The rotation is over: a CA of somebody else's is waited for by nobody. */
  isEnd?: true;
}

async function readIssuerNow(dependencies: Dependencies, input: StepInput): Promise<IssuerNow> {
  const { k8s } = dependencies;
  const stored = await readRotation(dependencies, input);
  const { linkerd, secret, target, isBack } = stored;
  const [{ certificates: anchors }] = await readAnchors(k8s, linkerd);
  const bundle = anchors.map(({ fingerprint }) => fingerprint);
  const current = await readIssuer(k8s, linkerd);
  const found = issuerStateOf(current.certificates, secret);
  const managed = await managedOf(k8s, input, linkerd);
  return { stored, current, found, managed, bundle, isBack, isPast: !isBack && isPast(bundle, target) };
}

/** Looks at the issuer Secret, and writes nothing. */
export async function holdsIssuer(dependencies: Dependencies, input: StepInput, which: Stays): Promise<boolean> {
  const { found, ...standing } = await readIssuerNow(dependencies, input);
  return which(found, standing);
}

/**
 * Brings the issuer Secret to a state, and the copies that `linkerd upgrade` renders from with it.
 * @throws ApplicationFailure `IssuerReplaced`, `IssuerExpired`, `IssuerUntrusted`, `BridgeMissing`
 */
export async function bringIssuerTo(
  dependencies: Dependencies,
  input: StepInput,
  { wanted, guard, isEnd }: Swap,
): Promise<SwapResult> {
  const { k8s } = dependencies;
  return await withFreshRead(async () => {
    const now = await readIssuerNow(dependencies, input);
    const { stored, current, found, managed, isBack, isPast: past } = now;
    const { linkerd, secret: rotation } = stored;
    // what cert-manager has issued under a root that is none of this rotation's is put back, not fought for
    const isTheirs = isHandedOff(input.owners, 'issuer');
    if (!managed.issuer && !isTheirs) refuseForeign(current, rotation);
    const state = wanted(found, { isBack, isPast: past });
    const handOff = state && (await askFor(k8s, input, now, { state, guard, isEnd }));
    if (handOff) return { swappedAt: swapTime(current.secret, true), written: [], handOff };
    const isWritten = !isTheirs && state !== undefined && (await writeState(k8s, now, { state, guard }));
    const { secret, copies } = await followIssuer(k8s, await ownCopies(k8s, linkerd, isTheirs));
    const written = [...(isWritten ? [`Secret ${ISSUER_SECRET}`] : []), ...copies];
    const helm = await helmUpgrade(k8s, linkerd);
    return { swappedAt: swapTime(secret, isTheirs || managed.issuer !== undefined), written, ...present({ helm }) };
  });
}

/** @returns whether anything had to be written */
async function writeState(
  k8s: Kubernetes,
  { stored, current, found, bundle, managed }: IssuerNow,
  { state, guard }: { state: IssuerState; guard: Swap['guard'] },
): Promise<boolean> {
  const { linkerd, secret: rotation } = stored;
  const { issuer } = managed;
  if (state === 'new' && issuer && rotation.issuerByCertManager) {
    if (!isFinal(current.certificates, rotation)) await guard?.(stored, { state, found, bundle });
    return await bringNew(k8s, linkerd.namespace, { ...managed, issuer }, rotation);
  }
  const next = contentOf(state, rotation);
  if (isSameIssuer(current.certificates, next.certificatePem)) return false;
  refuseExpired(next.certificatePem, clusterNow(k8s));
  await refuseUntrusted(k8s, linkerd, next.certificatePem);
  await guard?.(stored, { state, found, bundle });
  if (issuer) await putBackIssuer(k8s, issuer, next, rotation);
  else await replaceIssuer(k8s, linkerd, current, next);
  return true;
}

/** What somebody else has to do first, whose the issuer Secret is, or the CA that signs it. */
async function askFor(
  k8s: Kubernetes,
  input: StepInput,
  now: IssuerNow,
  { isEnd, ...next }: { state: IssuerState; guard: Swap['guard']; isEnd: Swap['isEnd'] | undefined },
): Promise<SwapResult['handOff']> {
  if (isHandedOff(input.owners, 'issuer')) return await askForState(k8s, input, now, next);
  return isEnd ? undefined : await askForSigner(k8s, now, next);
}

/** Shown to whoever writes the Secret once all is proven that a write of reroot's own would need. */
async function askForState(
  k8s: Kubernetes,
  input: StepInput,
  { stored, current, found, bundle }: IssuerNow,
  { state, guard }: { state: IssuerState; guard: Swap['guard'] },
): Promise<SwapResult['handOff']> {
  const next = contentOf(state, stored.secret);
  const handOff = issuerHandOff(input, current, { ...stored, state, next });
  if (!handOff) return undefined;
  refuseExpired(next.certificatePem, clusterNow(k8s));
  await refuseUntrusted(k8s, stored.linkerd, next.certificatePem);
  await guard?.(stored, { state, found, bundle });
  return handOff;
}

/** The same for the CA that cert-manager has the issuer signed by, where no Certificate makes it. */
async function askForSigner(
  k8s: Kubernetes,
  { stored, current, found, bundle, managed }: IssuerNow,
  { state, guard }: { state: IssuerState; guard: Swap['guard'] },
): Promise<SwapResult['handOff']> {
  const { namespace } = stored.linkerd;
  const handOff = await signerHandOff(k8s, managed, stored.secret, { state, found, current, namespace });
  if (handOff) await guard?.(stored, { state, found, bundle });
  return handOff;
}

/** The key that it has stays, mostly; another one is not to be issued anew. What was issued under the new root goes from `ca.crt`, too. */
async function putBackIssuer(
  k8s: Kubernetes,
  issuer: NonNullable<Managed['issuer']>,
  { certificatePem, keyPem }: { certificatePem: string; keyPem: string },
  { previous }: RotationSecret,
): Promise<void> {
  const ca = selfSignedOf(anchorsOf(certificatePem, previous.roots));
  const wanted = { certificates: issuerFile(certificatePem), keyPem, ...present({ ca }) };
  await bringPair(k8s, issuer, ({ certificates: [first, ...others] }) =>
    first && isSameIssuer([first, ...others], certificatePem) ? undefined : wanted,
  );
}

function contentOf(state: IssuerState, rotation: RotationSecret): { certificatePem: string; keyPem: string } {
  const content = issuerIn(state, rotation);
  if (content) return content;
  throw ApplicationFailure.nonRetryable('the rotation has no bridge certificate', 'BridgeMissing');
}

/** The copies are those of the Secret as it is: when it changes meanwhile they are written again. */
async function followIssuer(
  k8s: Kubernetes,
  linkerd: Linkerd,
): Promise<{ secret: StoredIssuer['secret']; copies: string[] }> {
  const copies: string[] = [];
  for (;;) {
    const { secret, certificatePem, keyPem } = await readIssuer(k8s, linkerd);
    copies.push(...(await changeIssuerCopies(k8s, linkerd, certificatePem, keyPem)));
    const after = await readIssuer(k8s, linkerd);
    if (after.secret.metadata?.resourceVersion === secret.metadata?.resourceVersion) return { secret, copies };
  }
}

/** Identity dies of an issuer that its bundle does not verify: whoever asks for one comes too late, or too early. */
async function refuseUntrusted(k8s: Kubernetes, linkerd: Linkerd, pem: string): Promise<void> {
  const [authoritative] = await readAnchors(k8s, linkerd);
  if (anchorsOf(pem, authoritative.certificates).length > 0) return;
  throw ApplicationFailure.nonRetryable(
    `the issuer ${issuerFile(pem)[0]?.commonName} is under no anchor of ${authoritative.store}: identity would not start with it`,
    'IssuerUntrusted',
  );
}

/** Those that an issuer's file verifies with. */
function anchorsOf(pem: string, anchors: readonly Certificate[]): Certificate[] {
  const [issuer, ...others] = issuerFile(pem);
  return issuer ? anchorsOfIssuer([issuer, ...others], anchors) : [];
}

/** Every certificate of the chain: a leaf never outlives any of them, and identity does not start with an expired one. */
export function refuseExpired(pem: string, now: Date): void {
  const expired = issuerFile(pem).find(({ notAfter }) => notAfter <= now);
  if (!expired) return;
  throw ApplicationFailure.nonRetryable(
    `the issuer that would be written (${expired.commonName}) expired at ${expired.notAfter.toISOString()}: with it identity ` +
      'would sign nothing, and not start again. Cancel this rotation and run `reroot preflight`: it says how to go on from here',
    'IssuerExpired',
  );
}

/** An issuer that is neither of the start nor of this rotation came from somebody else, who has to be asked. */
function refuseForeign({ certificates }: StoredIssuer, rotation: RotationSecret): void {
  if (issuerStateOf(certificates, rotation) !== undefined) return;
  const { commonName, fingerprint } = certificates[0];
  throw ApplicationFailure.nonRetryable(
    `Secret ${ISSUER_SECRET} holds an issuer (${commonName}, ${fingerprint.slice(0, 12)}) that is neither the one of the start ` +
      `nor this rotation's: somebody else has written it. Put the one of the start back (it is in Secret ${ROTATION_SECRET})`,
    'IssuerReplaced',
  );
}

/** Without the copies that whoever writes the issuer Secret keeps in step. */
async function ownCopies(k8s: Kubernetes, linkerd: Linkerd, isTheirs: boolean): Promise<Linkerd> {
  const { namespace, layout, scheme } = linkerd;
  if (!isTheirs) return linkerd;
  const first = { kind: 'Secret', name: ISSUER_SECRET, key: ISSUER_KEYS[scheme].certificate, optional: false } as const;
  const certificates = layout.issuerCopies.map(({ certificate }) => certificate);
  const theirs = await sameWriter(k8s, namespace, first, certificates);
  const issuerCopies = layout.issuerCopies.filter(({ certificate }) => !theirs.includes(certificate));
  return { ...linkerd, layout: { ...layout, issuerCopies } };
}

/** When reroot last wrote the Secret, or anybody did where it is somebody else's to write, by the API server's clock. */
function swapTime(secret: StoredIssuer['secret'], byAnybody: boolean): string {
  const own = secret.metadata?.managedFields?.filter(({ manager }) => byAnybody || manager === FIELD_MANAGER) ?? [];
  const times = own.map(({ time }) => (time ? new Date(time).getTime() : 0));
  return new Date(times.length > 0 ? Math.max(...times) : Date.now()).toISOString();
}
