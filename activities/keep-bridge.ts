import { present } from '../src/ground/present.js';
import { clusterNow } from '../src/kubernetes/clock.js';
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
  const { helm } = await bringIssuerTo(dependencies, input, {
    wanted: (found, at) => (isCarried(found, at) ? found : undefined),
  });
  const { missing: keyMissing } = await rootKeyOf(dependencies.k8s, input, secret);
  const kept = bridgeKept({ bridge: secret.bridge, keyMissing }, linkerd.leafLifeMs, clusterNow(dependencies.k8s));
  return { ...kept, ...present({ helm }) };
}
