import type { GateResult, ShareInput } from '../src/rotation/payloads.js';
import { OVERTAKEN } from './check-gate.js';
import { scanGate } from './kit/gate-scan.js';
import type { Dependencies } from './kit/dependencies.js';
import { isOvertaken, readPhase } from './kit/stored-rotation.js';
import { openingWaivers } from './kit/waivers.js';

/**
 * The gate of a phase over one share of the live proxies (`mergeShares` has the answer of all): several workers of a cluster's queue
 * prove a mesh in a part of the time. What is beside proxies, templates and new pods, is for `checkGate`.
 */
export async function proveShare(dependencies: Dependencies, input: ShareInput): Promise<GateResult> {
  const phase = await readPhase(dependencies, input);
  if (await isOvertaken(dependencies, phase)) return OVERTAKEN;
  const question = { ...phase, waivers: openingWaivers(input), share: input.share };
  return (await scanGate(dependencies, question, input.settings)).result;
}
