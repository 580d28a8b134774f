import { rootName } from '../src/ground/mesh.js';
import { isHandedOff } from '../src/rotation/owners.js';
import type { BundleWritten, StepInput } from '../src/rotation/payloads.js';
import { changeBundle } from './kit/change-bundle.js';
import type { Dependencies } from './kit/dependencies.js';
import { fence } from './kit/fence.js';
import { askForBundle } from './kit/hand-off-bundle.js';
import { readRotation } from './kit/stored-rotation.js';

/** The bundle of every store gets the target; on the way back, whichever of both it has lost. */
export async function addTarget(dependencies: Dependencies, input: StepInput): Promise<BundleWritten> {
  await fence(dependencies, input);
  const rotation = await readRotation(dependencies, input);
  const { linkerd, wanted, target, isBack, secret } = rotation;
  if (isHandedOff(input.owners, 'bundle')) {
    // the roots of the start belong to what is asked for: somebody may have put the new one in their place
    const ofStart = isBack || input.handOff?.past ? [] : secret.previous.roots;
    const what = `the bundle to have ${rootName(target.root)} beside the others`;
    return await askForBundle(dependencies, input, rotation, { for: what, add: [...ofStart, ...wanted], remove: [] });
  }
  return await changeBundle(dependencies, linkerd, { add: wanted });
}
