import { ApplicationFailure } from '@temporalio/activity';
import { withFreshRead } from '../../src/kubernetes/patch.js';
import type { Certificate } from '../../src/pki/certificate.js';
import { createBridge } from '../../src/pki/issue.js';
import { parseKey } from '../../src/pki/key.js';
import { storeBridge } from '../../src/records/rotation-secret.js';
import { bridgeEndsSoon, bridgeLife } from '../../src/rotation/bridge-life.js';
import type { StepInput } from '../../src/rotation/payloads.js';
import type { Dependencies } from './dependencies.js';
import { readRotation, type StoredRotation } from './stored-rotation.js';

/**
 * The rotation with a bridge certificate that lasts: one that is missing (an adopted rotation of another strategy) or near
 * its end is made anew with the new root's key.
 * @throws ApplicationFailure `BridgeMissing`, `BridgeExpired`
 */
export async function withBridge(dependencies: Dependencies, input: StepInput): Promise<StoredRotation> {
  return await withFreshRead(async () => await tryWithBridge(dependencies, input));
}

async function tryWithBridge(dependencies: Dependencies, input: StepInput): Promise<StoredRotation> {
  const rotation = await readRotation(dependencies, input);
  const { secret, linkerd } = rotation;
  if (secret.bridge && !bridgeEndsSoon(secret.bridge, linkerd.leafLifeMs, new Date())) return rotation;
  if (!secret.rootKeyPem) {
    if (secret.bridge) return withWhatIsLeft(rotation, secret.bridge);
    throw ApplicationFailure.nonRetryable(
      'a bridge needs the key of the new root, which was discarded',
      'BridgeMissing',
    );
  }
  const made = createBridge({
    issuer: secret.previous.issuer,
    root: secret.root,
    rootKey: parseKey(secret.rootKeyPem),
    validForMs: bridgeLife(input.settings, linkerd.leafLifeMs),
  });
  await storeBridge(dependencies.k8s, linkerd.namespace, secret, made);
  return await readRotation(dependencies, input);
}

/** It cannot be made anew: it serves as long as it lasts, and the workflow watches for its end. */
function withWhatIsLeft(rotation: StoredRotation, { notAfter }: Certificate): StoredRotation {
  if (notAfter > new Date()) return rotation;
  throw ApplicationFailure.nonRetryable(
    `the bridge certificate expired at ${notAfter.toISOString()}, and the key that could renew it was discarded. ` +
      'Cancel this rotation and run `reroot preflight`: it says how to go on from here',
    'BridgeExpired',
  );
}
