import { type IssuerInput, readIssuerInput } from '../src/rotation/input.js';
import type { RotationReport } from '../src/rotation/report.js';
import type { PlanResult } from '../src/rotation/payloads.js';
import { converge } from './converge.js';
import { inPhase } from './phase.js';
import { run, swapIssuer, validated } from './runbook.js';

/**
 * Replaces the identity issuer under the root in use: the everyday job between two rotations of the root. Nothing is
 * restarted.
 *
 *   generate  a new issuer under the root, with the root's key from its Secret, or supplied
 *   issue     swap the issuer          identity takes it
 *   refresh   wait for renewals        gate: no proxy presents the old issuer, whose key then goes
 *
 * @throws ApplicationFailure `InvalidInput`, `PreflightFailed`, `RotationAlreadyRunning`, `RootKeyMissing`, `Aborted`
 */
export async function rotateIssuer(input?: IssuerInput): Promise<RotationReport | PlanResult> {
  const settings = validated(readIssuerInput(input));
  return await run(settings, 'issuer', async ({ rotation }) => {
    const { status } = rotation;
    await inPhase(status, 'issue', async () => await swapIssuer(rotation, 'new', 'issue'));
    await inPhase(status, 'refresh', async () => await converge(rotation, 'refresh'));
  });
}
