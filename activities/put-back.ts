import type { PutBack } from '../src/rotation/ending.js';
import type { StepInput } from '../src/rotation/payloads.js';
import type { Dependencies } from './kit/dependencies.js';

export async function putBack(_dependencies: Dependencies, _input: StepInput): Promise<PutBack> {
  return await Promise.resolve({ putBack: false });
}
