import type { BundleWritten, StepInput } from '../src/rotation/payloads.js';
import { changeBundle } from './kit/change-bundle.js';
import type { Dependencies } from './kit/dependencies.js';
import { fence } from './kit/fence.js';
import { readRotation } from './kit/stored-rotation.js';

/** The bundle of every store gets the target; on the way back, whichever of both it has lost. */
export async function addTarget(dependencies: Dependencies, input: StepInput): Promise<BundleWritten> {
  await fence(dependencies, input);
  const { linkerd, wanted } = await readRotation(dependencies, input);
  return await changeBundle(dependencies, linkerd, { add: wanted });
}
