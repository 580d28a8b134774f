import { ApplicationFailure } from '@temporalio/activity';
import { encode } from '../../src/kubernetes/base64.js';
import { FIELD_MANAGER } from '../../src/kubernetes/own-names.js';
import { pointer, unchanged, withFreshRead } from '../../src/kubernetes/patch.js';
import { createBridge } from '../../src/pki/issue.js';
import { parseKey } from '../../src/pki/key.js';
import { ROTATION_SECRET } from '../../src/records/names.js';
import { SECRET_KEYS } from '../../src/records/rotation-secret.js';
import { bridgeEndsSoon, bridgeLife } from '../../src/rotation/bridge-life.js';
import type { StepInput } from '../../src/rotation/payloads.js';
import type { Dependencies } from './dependencies.js';
import { readRotation, type StoredRotation } from './stored-rotation.js';

/**
 * The rotation with a bridge certificate that lasts: one that is missing (an adopted rotation of another strategy) or near
 * its end is made anew with the new root's key.
 * @throws ApplicationFailure `BridgeMissing`
 */
export async function withBridge(dependencies: Dependencies, input: StepInput): Promise<StoredRotation> {
  return await withFreshRead(async () => await tryWithBridge(dependencies, input));
}

async function tryWithBridge(dependencies: Dependencies, input: StepInput): Promise<StoredRotation> {
  const rotation = await readRotation(dependencies, input);
  const { secret, linkerd } = rotation;
  if (secret.bridge && !bridgeEndsSoon(secret.bridge, linkerd.leafLifeMs, new Date())) return rotation;
  if (!secret.rootKeyPem) {
    if (secret.bridge) return rotation; // nothing can be done; status has its end
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
  await dependencies.k8s.core.patchNamespacedSecret({
    name: ROTATION_SECRET,
    namespace: linkerd.namespace,
    fieldManager: FIELD_MANAGER,
    body: [
      unchanged(secret.secret.metadata),
      { op: 'add', path: pointer('data', SECRET_KEYS.bridge), value: encode(made.pem) },
    ],
  });
  return await readRotation(dependencies, input);
}
