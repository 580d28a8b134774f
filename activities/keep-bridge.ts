import type { StepInput } from '../src/rotation/payloads.js';
import { withBridge } from './kit/bridge-certificate.js';
import { bringIssuerTo } from './kit/issuer-secret.js';
import type { Dependencies } from './kit/dependencies.js';

/** While a rotation takes its time: the bridge certificate anew where it would end, in the issuer Secret too. */
export async function keepBridge(
  dependencies: Dependencies,
  input: StepInput,
): Promise<{ notAfter: string; endsSoon: boolean }> {
  const { secret } = await withBridge(dependencies, input);
  // the rotation goes on meanwhile: what it has written, in whatever order, is kept
  await bringIssuerTo(dependencies, input, (found) =>
    found === 'bridge' || found === 'crossover' ? found : undefined,
  );
  return { endsSoon: false, notAfter: secret.bridge?.notAfter.toISOString() ?? '' };
}
