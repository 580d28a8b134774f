import { ApplicationFailure } from '@temporalio/activity';
import { clusterNow, issueTime } from '../../src/kubernetes/clock.js';
import { withFreshRead } from '../../src/kubernetes/patch.js';
import type { Certificate } from '../../src/pki/certificate.js';
import { createBridge } from '../../src/pki/issue.js';
import { parseKey } from '../../src/pki/key.js';
import { storeBridge } from '../../src/records/rotation-secret.js';
import { bridgeEndsSoon, bridgeLife, type KeyMissing } from '../../src/rotation/bridge-life.js';
import { isHandedOff } from '../../src/rotation/owners.js';
import type { StepInput } from '../../src/rotation/payloads.js';
import type { Dependencies } from './dependencies.js';
import { rootKeyOf } from './root-key.js';
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
  const now = clusterNow(dependencies.k8s);
  if (secret.bridge && !bridgeEndsSoon(secret.bridge, linkerd.leafLifeMs, now)) return rotation;
  const { pem, missing } = await rootKeyOf(dependencies.k8s, input, secret);
  if (missing) {
    if (secret.bridge) return withWhatIsLeft(rotation, { bridge: secret.bridge, missing, now });
    throw ApplicationFailure.nonRetryable(`there is no bridge certificate, and ${missing.why}`, 'BridgeMissing');
  }
  const made = createBridge({
    issuer: secret.previous.issuer,
    root: secret.root,
    rootKey: parseKey(pem),
    now: issueTime(dependencies.k8s),
    // none ends before the one that it replaces: the report says until when the last one carries the old key
    validForMs: Math.max(
      bridgeLife(input.settings, linkerd.leafLifeMs, isHandedOff(input.owners, 'issuer')),
      timeLeft(secret.bridge, now),
    ),
  });
  await storeBridge(dependencies.k8s, linkerd.namespace, secret, made);
  return await readRotation(dependencies, input);
}

function timeLeft(bridge: Certificate | undefined, now: Date): number {
  return bridge ? bridge.notAfter.getTime() - now.getTime() : 0;
}

/** It cannot be made anew: it serves as long as it lasts, and the workflow watches for its end. */
function withWhatIsLeft(
  rotation: StoredRotation,
  { bridge: { notAfter }, missing: { why, canReturn }, now }: { bridge: Certificate; missing: KeyMissing; now: Date },
): StoredRotation {
  if (notAfter > now) return rotation;
  throw ApplicationFailure.nonRetryable(
    `the bridge certificate expired at ${notAfter.toISOString()}, and ${why}. ` +
      `${canReturn ? 'Or cancel' : 'Cancel'} this rotation and run \`reroot preflight\`: it says how to go on from here`,
    'BridgeExpired',
  );
}
