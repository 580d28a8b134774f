import { ApplicationFailure } from '@temporalio/activity';
import { rootName } from '../src/ground/mesh.js';
import { readIssuer } from '../src/linkerd/identity/issuer.js';
import { readAnchors } from '../src/linkerd/layouts/stores.js';
import { anchorsOfIssuer } from '../src/pki/issuer-anchors.js';
import { isHandedOff } from '../src/rotation/owners.js';
import type { Certificate } from '../src/pki/certificate.js';
import type { Linkerd } from '../src/linkerd/detect.js';
import type { BundleWritten, GuardedInput } from '../src/rotation/payloads.js';
import { changeTrust } from './kit/change-bundle.js';
import type { Dependencies } from './kit/dependencies.js';
import { fence } from './kit/fence.js';
import { guardRetire } from './kit/guard.js';
import { askForBundle } from './kit/hand-off-bundle.js';
import { managedOf } from './kit/managed.js';
import { readRotation, type StoredRotation } from './kit/stored-rotation.js';

/**
 * Exactly what is retired leaves the bundle of every store; foreign anchors stay. Forward it is the point of no return.
 * Refused unless the target is in the authoritative store, so that this alone can never empty the mesh's trust; and unless
 * somebody has approved it, and every live proxy shows at this moment that it needs nothing of what goes.
 * @throws ApplicationFailure `BundleReverted`, `IssuerNeedsRetiredRoot`, `ApprovalMissing`, `ApprovalOutdated`, `NotProven`
 */
export async function dropRetired(
  dependencies: Dependencies,
  input: GuardedInput,
  proves = true,
): Promise<BundleWritten> {
  await fence(dependencies, input);
  const { k8s } = dependencies;
  const rotation = await readRotation(dependencies, input);
  if (isHandedOff(input.owners, 'bundle')) return await askToDrop(dependencies, input, { rotation, proves });
  const { linkerd, target } = rotation;
  const remove = target.retired.map(({ fingerprint }) => fingerprint);
  const [{ store, certificates }] = await readAnchors(k8s, linkerd);
  if (!certificates.some(({ fingerprint }) => fingerprint === target.root.fingerprint)) {
    throw ApplicationFailure.nonRetryable(
      `${store} no longer has ${rootName(target.root)}: somebody else has written it`,
      'BundleReverted',
    );
  }
  const left = certificates.filter(({ fingerprint }) => !remove.includes(fingerprint));
  await refuseIfNeeded(dependencies, linkerd, left);
  if (left.length < certificates.length) {
    const bundle = certificates.map(({ fingerprint }) => fingerprint);
    await guardRetire(dependencies, input, rotation, bundle);
  }
  const managed = await managedOf(k8s, input, linkerd);
  return await changeTrust(dependencies, { rotation, managed, change: { remove } });
}

/** @throws ApplicationFailure `IssuerNeedsRetiredRoot` */
async function refuseIfNeeded({ k8s }: Dependencies, linkerd: Linkerd, left: readonly Certificate[]): Promise<void> {
  const issuer = await readIssuer(k8s, linkerd);
  if (anchorsOfIssuer(issuer.certificates, left).length > 0) return;
  throw ApplicationFailure.nonRetryable(
    `the issuer in use (${issuer.certificates[0].commonName}) needs an anchor that would go: identity would not start again`,
    'IssuerNeedsRetiredRoot',
  );
}

/** Somebody else takes it out: they are told so only when what a write of reroot's own would need is proven. */
async function askToDrop(
  dependencies: Dependencies,
  input: GuardedInput,
  { rotation, proves }: { rotation: StoredRotation; proves: boolean },
): Promise<BundleWritten> {
  const { linkerd, target, wanted } = rotation;
  const remove = target.retired.map(({ fingerprint }) => fingerprint);
  const names = target.retired.map(rootName).join(', ');
  return await askForBundle(dependencies, input, rotation, {
    for: `the bundle to be without ${names}`,
    add: wanted.filter(({ fingerprint }) => !remove.includes(fingerprint)),
    remove,
    prove: async (left, found) => {
      if (!proves) return;
      await refuseIfNeeded(dependencies, linkerd, left);
      const bundle = found.map(({ fingerprint }) => fingerprint);
      if (bundle.some((fingerprint) => remove.includes(fingerprint)))
        await guardRetire(dependencies, input, rotation, bundle);
    },
  });
}
