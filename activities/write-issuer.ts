import type { IssuerStateInput, SwapResult } from '../src/rotation/payloads.js';
import { withBridge } from './kit/bridge-certificate.js';
import { bringIssuerTo } from './kit/issuer-secret.js';
import type { Dependencies } from './kit/dependencies.js';
import { fence } from './kit/fence.js';

/**
 * Brings the issuer Secret to a state. The issuer in use at the start stays in the rotation's Secret for an abort.
 * @throws ApplicationFailure `IssuerReplaced`, `IssuerUntrusted`, `BridgeMissing`
 */
export async function writeIssuer(dependencies: Dependencies, input: IssuerStateInput): Promise<SwapResult> {
  await fence(dependencies, input);
  const { state } = input;
  if (state === 'bridge' || state === 'crossover') await withBridge(dependencies, input);
  return await bringIssuerTo(dependencies, input, () => state);
}
