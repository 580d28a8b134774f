import { rootName } from '../src/ground/mesh.js';
import { isHandedOff } from '../src/rotation/owners.js';
import { isPast } from '../src/rotation/reverted.js';
import { readAnchors } from '../src/linkerd/layouts/stores.js';
import { readIssuer } from '../src/linkerd/identity/issuer.js';
import { issuerStateOf } from '../src/records/issuer-states.js';
import type { BundleWritten, StepInput } from '../src/rotation/payloads.js';
import { changeTrust } from './kit/change-bundle.js';
import type { Dependencies } from './kit/dependencies.js';
import { fence } from './kit/fence.js';
import { askForBundle } from './kit/hand-off-bundle.js';
import { bringIssuerTo } from './kit/issuer-secret.js';
import { takeUpIssuer } from './kit/issuer-of-cert-manager.js';
import { type Managed, managedOf } from './kit/managed.js';
import { holdRoot } from './kit/root-secret.js';
import { readRotation, type StoredRotation } from './kit/stored-rotation.js';

/**
 * The bundle of every store gets the target; on the way back, whichever of both it has lost. What cert-manager has done by
 * itself since is taken up, or put back.
 */
export async function addTarget(dependencies: Dependencies, input: StepInput): Promise<BundleWritten> {
  await fence(dependencies, input);
  const rotation = await readRotation(dependencies, input);
  const managed = await managedOf(dependencies.k8s, input, rotation.linkerd);
  const written = isHandedOff(input.owners, 'bundle')
    ? await askToAdd(dependencies, input, rotation)
    : await changeTrust(dependencies, { rotation, managed, change: { add: rotation.wanted } });
  if (!written.handOff) await keepUp(dependencies, input, { rotation, managed });
  return written;
}

async function askToAdd(
  dependencies: Dependencies,
  input: StepInput,
  rotation: StoredRotation,
): Promise<BundleWritten> {
  const { wanted, target, isBack, secret } = rotation;
  // the roots of the start belong to what is asked for: somebody may have put the new one in their place
  const ofStart = isBack || input.handOff?.past ? [] : secret.previous.roots;
  const what = `the bundle to have ${rootName(target.root)} beside the others`;
  return await askForBundle(dependencies, input, rotation, { for: what, add: [...ofStart, ...wanted], remove: [] });
}

/** What cert-manager signs with, and what it has signed. */
async function keepUp(
  dependencies: Dependencies,
  input: StepInput,
  { rotation, managed }: { rotation: StoredRotation; managed: Managed },
): Promise<void> {
  const { k8s } = dependencies;
  const { linkerd, secret, isBack, target } = rotation;
  if (managed.root && secret.retire.length > 0) {
    // once the new issuer is there, either will do
    await holdRoot(k8s, managed.root, secret, isBack ? 'start' : secret.issuer ? 'any' : 'cross');
  }
  if (!managed.issuer) return;
  await takeUpIssuer(k8s, { rotation, managed });
  const { certificates } = await readIssuer(k8s, linkerd);
  const [{ certificates: anchors }] = await readAnchors(k8s, linkerd);
  const bundle = anchors.map(({ fingerprint }) => fingerprint);
  const { secret: now } = await readRotation(dependencies, input);
  if (issuerStateOf(certificates, now) !== undefined || isPast(bundle, target)) return;
  await bringIssuerTo(dependencies, input, { wanted: (found) => (found === undefined ? 'previous' : undefined) });
}
