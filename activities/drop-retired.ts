import { ApplicationFailure } from '@temporalio/activity';
import { rootName } from '../src/ground/mesh.js';
import { readIssuer } from '../src/linkerd/identity/issuer.js';
import { readAnchors } from '../src/linkerd/layouts/stores.js';
import { anchorsOfIssuer } from '../src/pki/issuer-anchors.js';
import type { BundleWritten, GuardedInput } from '../src/rotation/payloads.js';
import { changeTrust } from './kit/change-bundle.js';
import type { Dependencies } from './kit/dependencies.js';
import { fence } from './kit/fence.js';
import { guardRetire } from './kit/guard.js';
import { managedOf } from './kit/managed.js';
import { readRotation } from './kit/stored-rotation.js';

/**
 * Exactly what is retired leaves the bundle of every store; foreign anchors stay. Forward it is the point of no return.
 * Refused unless the target is in the authoritative store, so that this alone can never empty the mesh's trust; and unless
 * somebody has approved it, and every live proxy shows at this moment that it needs nothing of what goes.
 * @throws ApplicationFailure `BundleReverted`, `IssuerNeedsRetiredRoot`, `ApprovalMissing`, `ApprovalOutdated`, `NotProven`
 */
export async function dropRetired(dependencies: Dependencies, input: GuardedInput): Promise<BundleWritten> {
  await fence(dependencies, input);
  const { k8s } = dependencies;
  const rotation = await readRotation(dependencies, input);
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
  const issuer = await readIssuer(k8s, linkerd);
  if (anchorsOfIssuer(issuer.certificates, left).length === 0) {
    throw ApplicationFailure.nonRetryable(
      `the issuer in use (${issuer.certificates[0].commonName}) needs an anchor that would go: identity would not start again`,
      'IssuerNeedsRetiredRoot',
    );
  }
  if (left.length < certificates.length) {
    const bundle = certificates.map(({ fingerprint }) => fingerprint);
    await guardRetire(dependencies, input, rotation, bundle);
  }
  const managed = await managedOf(k8s, input, linkerd);
  return await changeTrust(dependencies, { rotation, managed, change: { remove } });
}
