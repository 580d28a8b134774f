import { addRootToBundle, awaitInjection, removeOldRootFromBundle } from './bundle.js';
import type { Dependencies } from './kit/dependencies.js';
import { inEnvelopes } from './kit/heartbeat.js';
import { discard, finish } from './finish.js';
import { checkGate } from './gate.js';
import { generate } from './generate.js';
import { awaitIssuer, keepBridge, writeIssuer } from './issuer.js';
import { acquireLease, releaseLease } from './lease.js';
import { makePlan } from './plan.js';
import { preflight } from './preflight.js';
import { awaitProxies } from './await-proxies.js';
import { reinject } from './reinject.js';
import { awaitChange } from './await-change.js';

/** Every activity, with what it works on: one file a step. */
export function createActivities(dependencies: Dependencies) {
  const given =
    <I, R>(activity: (dependencies: Dependencies, input: I) => Promise<R>) =>
    async (input: I): Promise<R> =>
      await activity(dependencies, input);
  return inEnvelopes({
    acquireLease: given(acquireLease),
    releaseLease: given(releaseLease),
    preflight: given(preflight),
    generate: given(generate),
    addRootToBundle: given(addRootToBundle),
    removeOldRootFromBundle: given(removeOldRootFromBundle),
    awaitInjection: given(awaitInjection),
    checkGate: given(checkGate),
    reinject: given(reinject),
    awaitChange: given(awaitChange),
    awaitProxies: given(awaitProxies),
    writeIssuer: given(writeIssuer),
    keepBridge: given(keepBridge),
    awaitIssuer: given(awaitIssuer),
    makePlan: given(makePlan),
    finish: given(finish),
    discard: given(discard),
  });
}

export type Activities = ReturnType<typeof createActivities>;
