import { acquireLease, releaseLease } from './lease.js';
import { addTarget } from './add-target.js';
import { awaitChange } from './await-change.js';
import { awaitInjection } from './await-injection.js';
import { awaitIssuer } from './await-issuer.js';
import { awaitProxies } from './await-proxies.js';
import { checkGate } from './check-gate.js';
import { dropRetired } from './drop-retired.js';
import { discard, finish } from './finish.js';
import { generate } from './generate.js';
import { keepBridge } from './keep-bridge.js';
import { withHeartbeat } from './kit/heartbeat.js';
import { readPayload } from './kit/payload.js';
import type { Dependencies } from './kit/dependencies.js';
import { makePlan } from './make-plan.js';
import { preflight } from './preflight.js';
import { putBack } from './put-back.js';
import { reinject } from './reinject.js';
import { writeIssuer } from './write-issuer.js';

/** Every activity, with what it works on: one file a step. */
export function createActivities(dependencies: Dependencies) {
  const given =
    <I, R>(activity: (dependencies: Dependencies, input: I) => Promise<R>) =>
    async (input: I): Promise<R> =>
      await activity(dependencies, readPayload(input));
  return withHeartbeat({
    acquireLease: given(acquireLease),
    releaseLease: given(releaseLease),
    preflight: given(preflight),
    generate: given(generate),
    addTarget: given(addTarget),
    dropRetired: given(dropRetired),
    awaitInjection: given(awaitInjection),
    checkGate: given(checkGate),
    reinject: given(reinject),
    awaitChange: given(awaitChange),
    awaitProxies: given(awaitProxies),
    writeIssuer: given(writeIssuer),
    keepBridge: given(keepBridge),
    putBack: given(putBack),
    awaitIssuer: given(awaitIssuer),
    makePlan: given(makePlan),
    finish: given(finish),
    discard: given(discard),
    // what rotations that 0.1 began call `addTarget` and `dropRetired`
    addRootToBundle: given(addTarget),
    removeOldRootFromBundle: given(dropRetired),
  });
}

export type Activities = ReturnType<typeof createActivities>;
