import { readInput, type RotationInput } from '../src/rotation/input.js';
import type { PlanResult } from '../src/rotation/payloads.js';
import type { RotationReport } from '../src/rotation/report.js';
import { validated } from './begin.js';
import type { Carried } from './new-run.js';
import { rotate } from './rotate.js';

/**
 * Replaces the identity trust root of a Linkerd mesh without a moment in which two proxies cannot talk. Which phases there
 * are, and in which order, says the course of its strategy: src/rotation/courses, one row a phase.
 *
 * @param carried given by an earlier run of the same rotation, and by nobody else
 * @throws ApplicationFailure `InvalidInput`, `PreflightFailed`, `RotationAlreadyRunning`, `Aborted`
 */
export async function rotateTrustRoot(input?: RotationInput, carried?: Carried): Promise<RotationReport | PlanResult> {
  return await rotate(input, validated(readInput(input)), carried);
}
