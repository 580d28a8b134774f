import { present } from '../src/ground/present.js';
import { clusterNow } from '../src/kubernetes/clock.js';
import { readIssuer } from '../src/linkerd/identity/issuer.js';
import { isBridgeOf } from '../src/records/issuer-states.js';
import { type BridgeKept, bridgeKept, NO_BRIDGE } from '../src/rotation/bridge-life.js';
import type { StepInput } from '../src/rotation/payloads.js';
import { withBridge } from './kit/bridge-certificate.js';
import { bringIssuerTo, holdsIssuer, type Stays } from './kit/issuer-secret.js';
import type { Dependencies } from './kit/dependencies.js';
import { fence } from './kit/fence.js';
import { rootKeyOf } from './kit/root-key.js';

/** While a rotation takes its time: the bridge certificate anew where it would end, in the issuer Secret too. */
export async function keepBridge(dependencies: Dependencies, input: StepInput): Promise<BridgeKept> {
  await fence(dependencies, input);
  const isCarried: Stays = (found) => found === 'bridge' || found === 'crossover';
  if (!(await holdsIssuer(dependencies, input, isCarried))) return NO_BRIDGE;
  const { secret, linkerd } = await withBridge(dependencies, input);
  // the rotation goes on meanwhile: what it has written, in whatever order, is kept
  const { helm, handOff } = await bringIssuerTo(dependencies, input, {
    wanted: (found, at) => (isCarried(found, at) ? found : undefined),
  });
  const { missing: keyMissing } = await rootKeyOf(dependencies.k8s, input, secret);
  const now = clusterNow(dependencies.k8s);
  if (!handOff)
    return {
      ...bridgeKept({ bridge: secret.bridge, keyMissing }, linkerd.leafLifeMs, now),
      ...present({ helm }),
    };
  // the new one is not in use yet: what counts is the one that is, and that nobody but its owner can replace it
  const { certificates } = await readIssuer(dependencies.k8s, linkerd);
  const bridge = certificates.find((certificate) => isBridgeOf(secret, certificate));
  const waiting = { why: `${handOff.who ?? 'its owner'} has not put the new one in its place`, canReturn: true };
  return { ...bridgeKept({ bridge, keyMissing: waiting }, linkerd.leafLifeMs, now), handOff };
}
