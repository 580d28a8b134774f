import type { GivenInput } from '../src/rotation/payloads.js';
import type { Plan } from '../src/rotation/plan.js';
import { planNow } from './kit/hashed-plan.js';
import type { Dependencies } from './kit/dependencies.js';
import { readRotation } from './kit/stored-rotation.js';

/** The plan as the cluster is now; approval asks for the hash of a fresh one. */
export async function makePlan(dependencies: Dependencies, input: GivenInput): Promise<Plan> {
  return await planNow(dependencies, input, await readRotation(dependencies, input));
}
