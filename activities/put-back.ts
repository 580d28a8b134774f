import type { ProxyObservation } from '../src/ground/mesh.js';
import { clusterNow } from '../src/kubernetes/clock.js';
import { readIssuer } from '../src/linkerd/identity/issuer.js';
import { anchorsHeld, readAnchors } from '../src/linkerd/layouts/stores.js';
import type { Certificate } from '../src/pki/certificate.js';
import { anchorsOfIssuer } from '../src/pki/issuer-anchors.js';
import { issuerStateOf } from '../src/records/issuer-states.js';
import { ROTATION_SECRET } from '../src/records/names.js';
import { chainOfStart, readRotationSecret, type RotationSecret, SECRET_KEYS } from '../src/records/rotation-secret.js';
import { type PutBack, whyNotBack } from '../src/rotation/ending.js';
import type { HandOff } from '../src/rotation/hand-off.js';
import type { StepInput } from '../src/rotation/payloads.js';
import type { Dependencies } from './kit/dependencies.js';
import { fence } from './kit/fence.js';
import { takeUpIssuer } from './kit/issuer-of-cert-manager.js';
import { bringIssuerTo } from './kit/issuer-secret.js';
import { linkerdOf, type Managed, managedOf } from './kit/managed.js';
import { observeAnchors } from './kit/proxies.js';
import { undoUnrecorded } from './kit/settle.js';
import { readRotation } from './kit/stored-rotation.js';

/**
 * A rotation ends before its time: the issuer of the start goes back into its Secret, so that nothing that is left behind
 * ends leaves. Whether it may is decided from stores and proxies: everybody has to trust a root that it is under.
 * @throws ApplicationFailure `LeaseLost`
 */
export async function putBack(dependencies: Dependencies, input: StepInput): Promise<PutBack> {
  const { k8s } = dependencies;
  await fence(dependencies, input);
  const linkerd = await linkerdOf(k8s, input);
  const managed = await managedOf(k8s, input, linkerd);
  await takeUp(dependencies, input, managed);
  const rotation = await readRotationSecret(k8s, linkerd.namespace);
  if (!rotation) {
    const changed = await undoUnrecorded(k8s, linkerd, managed);
    return changed ? { putBack: true, changed } : { putBack: false, nothing: true };
  }
  const { certificates } = await readIssuer(k8s, linkerd);
  const state = issuerStateOf(certificates, rotation);
  if (state === 'previous') return { putBack: true };
  const leavesEnd = endOf(certificates).toISOString();
  const start = chainOfStart(rotation);
  const stores = anchorsHeld(await readAnchors(k8s, linkerd));
  const proxies = await observeAnchors(dependencies, linkerd);
  const why = whyNotBack({
    foreign: state === undefined && !managed.issuer,
    roots: rootsOfStart(start, rotation),
    stores,
    proxies: proxies.filter(({ terminating }) => !terminating).map(trusts),
    expired: endOf(start) <= clusterNow(k8s),
  });
  if (why) return { putBack: false, why, leavesEnd };
  // on the way back: only the issuer of the start is written there
  const back: StepInput = { ...input, course: { ...input.course, direction: 'back' } };
  const { handOff } = await bringIssuerTo(dependencies, back, { wanted: () => 'previous', isEnd: true });
  if (handOff) return { putBack: false, why: onlyTheirs(handOff, linkerd.namespace), leavesEnd };
  return { putBack: true, changed: true };
}

/** What cert-manager has renewed under the root of the start is the issuer to go back to. */
async function takeUp(dependencies: Dependencies, input: StepInput, managed: Managed): Promise<void> {
  if (!managed.issuer) return;
  const rotation = await readRotationSecret(dependencies.k8s, input.linkerdNamespace);
  if (rotation) await takeUpIssuer(dependencies.k8s, { rotation: await readRotation(dependencies, input), managed });
}

/** The roots that the issuer of the start verifies with: others may be retired beside them, and are no use to its leaves. */
function rootsOfStart(start: ReturnType<typeof chainOfStart>, { previous, root }: RotationSecret): string[] {
  // where the issuer alone is rotated, it is under the root in use
  return anchorsOfIssuer(start, [...previous.roots, root]).map(({ fingerprint }) => fingerprint);
}

/** No leaf outlives any certificate of the chain. */
function endOf(chain: readonly Certificate[]): Date {
  return new Date(Math.min(...chain.map(({ notAfter }) => notAfter.getTime())));
}

/** Every anchor of every process of a pod that has some; undefined: they could not be read, or are read at its start. */
function trusts({ anchors, identityAnchors, unstarted }: ProxyObservation): string[] | 'unread' | undefined {
  if (!anchors) return unstarted ? undefined : 'unread';
  return identityAnchors ? anchors.filter((anchor) => identityAnchors.includes(anchor)) : anchors;
}

/** What its owner has to do: this rotation is over before they could be waited for. */
function onlyTheirs({ who = 'somebody else' }: HandOff, namespace: string): string {
  const { previousIssuer, previousIssuerKey } = SECRET_KEYS;
  return (
    `${who} writes it, and has to put the issuer of the start back (certificate and key: ${previousIssuer} and ` +
    `${previousIssuerKey} of Secret ${namespace}/${ROTATION_SECRET})`
  );
}
