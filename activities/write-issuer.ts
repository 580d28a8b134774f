import { courseOf } from '../src/rotation/courses/index.js';
import type { IssuerStateInput, StepInput, SwapResult } from '../src/rotation/payloads.js';
import { withBridge } from './kit/bridge-certificate.js';
import { bringIssuerTo, holdsIssuer, type Stays } from './kit/issuer-secret.js';
import { isLaterState } from '../src/records/issuer-states.js';
import type { Dependencies } from './kit/dependencies.js';
import { fence } from './kit/fence.js';
import { guardSwap } from './kit/guard.js';
import { takeUpIssuer } from './kit/issuer-of-cert-manager.js';
import { type Managed, managedOf } from './kit/managed.js';
import { readRotation } from './kit/stored-rotation.js';

/**
 * Brings the issuer Secret to a state. The issuer in use at the start stays in the rotation's Secret for an abort. What
 * somebody could be refused for is proven first, in this same step.
 * @throws ApplicationFailure `IssuerReplaced`, `IssuerUntrusted`, `IssuerExpired`, `BridgeMissing`, `BridgeExpired`,
 *   `ApprovalMissing`, `ApprovalOutdated`, `NotProven`
 */
export async function writeIssuer(
  dependencies: Dependencies,
  input: IssuerStateInput,
  proves = true,
): Promise<SwapResult> {
  await fence(dependencies, input);
  const { state, keepLater = false } = input;
  const rotation = await readRotation(dependencies, input);
  const managed = await managedOf(dependencies.k8s, input, rotation.linkerd);
  await takeUpIssuer(dependencies.k8s, { rotation, managed });
  // what cert-manager has made under the new root stays on the way forward, however early that was
  const isItsOwn: Stays = (found) => managed.issuer !== undefined && found === 'new';
  const stays: Stays = (found, at) =>
    !at.isBack && (at.isPast || keepLater || isItsOwn(found, at)) && isLaterState(found, state);
  if (state === 'new') await bringBehind(dependencies, input, managed);
  const needsBridge = state === 'bridge' || state === 'crossover';
  if (needsBridge && !(await holdsIssuer(dependencies, input, stays))) await withBridge(dependencies, input);
  // past the point of no return the way leads forward only: what an earlier run has reached stays
  return await bringIssuerTo(dependencies, input, {
    wanted: (found, at) => (stays(found, at) ? undefined : state),
    guard: async (stored, next) => {
      if (proves) await guardSwap(dependencies, input, stored, next);
    },
  });
}

/**
 * Whoever has the CA is waited for, and meanwhile cert-manager has renewed the issuer under the root of the start, which nobody
 * trusts any more: until they have done it, its key is certified by the new root, too.
 */
async function bringBehind(dependencies: Dependencies, input: StepInput, { issuer, root }: Managed): Promise<void> {
  if (!issuer || root || !courseOf(input.course).bridge) return;
  const isBehind: Stays = (found, { isPast }) => found === 'previous' && isPast;
  if (!(await holdsIssuer(dependencies, input, isBehind))) return;
  await withBridge(dependencies, input);
  await bringIssuerTo(dependencies, input, { wanted: (found, at) => (isBehind(found, at) ? 'crossover' : undefined) });
}
