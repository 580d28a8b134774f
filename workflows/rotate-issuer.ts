import { type IssuerInput, readIssuerInput } from '../src/rotation/input.js';
import type { PlanResult } from '../src/rotation/payloads.js';
import type { RotationReport } from '../src/rotation/report.js';
import { validated } from './begin.js';
import type { Carried } from './new-run.js';
import { rotate } from './rotate.js';

/**
 * Replaces the identity issuer under the root in use: the everyday job between two rotations of the root. Nothing is
 * restarted. Its course is src/rotation/courses/issuer.ts.
 *
 * @param carried given by an earlier run of the same rotation, and by nobody else
 * @throws ApplicationFailure `InvalidInput`, `PreflightFailed`, `RotationAlreadyRunning`, `RootKeyMissing`, `Aborted`
 */
export async function rotateIssuer(input?: IssuerInput, carried?: Carried): Promise<RotationReport | PlanResult> {
  return await rotate(input, validated(readIssuerInput(input)), carried);
}
