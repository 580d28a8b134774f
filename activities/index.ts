import { present } from '../src/ground/present.js';
import { acquireLease, releaseLease } from './lease.js';
import { addTarget } from './add-target.js';
import { awaitApproval } from './await-approval.js';
import { awaitChange } from './await-change.js';
import { awaitHandOff } from './await-hand-off.js';
import { awaitInjection } from './await-injection.js';
import { awaitIssuer } from './await-issuer.js';
import { awaitProxies } from './await-proxies.js';
import { checkGate } from './check-gate.js';
import { dropRetired } from './drop-retired.js';
import { discard, finish } from './finish.js';
import { generate } from './generate.js';
import { hello } from './hello.js';
import { keepBridge } from './keep-bridge.js';
import { keepPreviousRoot } from './keep-previous-root.js';
import { cancellation, withHeartbeat } from './kit/heartbeat.js';
import type { Dependencies } from './kit/dependencies.js';
import { assertRightCluster, type OfCluster } from './kit/right-cluster.js';
import { lookForRenewal } from './look-for-renewal.js';
import { makePlan } from './make-plan.js';
import { preflight } from './preflight.js';
import { proveShare } from './prove-share.js';
import { putBack } from './put-back.js';
import { reinject } from './reinject.js';
import { reinjectNamespaces } from './reinject-namespaces.js';
import { writeIssuer } from './write-issuer.js';

/** Every activity, with what it works on: one file a step. None works on another cluster than its input is of. */
export function createActivities(dependencies: Dependencies) {
  const given =
    <I, R>(activity: (dependencies: Dependencies, input: I) => Promise<R>) =>
    async (input: I & OfCluster): Promise<R> => {
      await assertRightCluster(dependencies, input);
      // an attempt that is over looks at no more proxies: the next one has begun
      const prober = { ...dependencies.prober, ...present({ signal: cancellation() }) };
      return await activity({ ...dependencies, prober }, input);
    };
  return withHeartbeat({
    hello: async () => await hello(dependencies),
    acquireLease: given(acquireLease),
    releaseLease: given(releaseLease),
    preflight: given(preflight),
    generate: given(generate),
    addTarget: given(addTarget),
    dropRetired: given(dropRetired),
    awaitInjection: given(awaitInjection),
    checkGate: given(checkGate),
    proveShare: given(proveShare),
    reinject: given(reinject),
    reinjectNamespaces: given(reinjectNamespaces),
    awaitApproval: given(awaitApproval),
    awaitChange: given(awaitChange),
    awaitHandOff: given(awaitHandOff),
    awaitProxies: given(awaitProxies),
    writeIssuer: given(writeIssuer),
    keepBridge: given(keepBridge),
    putBack: given(putBack),
    awaitIssuer: given(awaitIssuer),
    makePlan: given(makePlan),
    finish: given(finish),
    discard: given(discard),
    lookForRenewal: given(lookForRenewal),
    keepPreviousRoot: given(keepPreviousRoot),
  });
}

export type Activities = ReturnType<typeof createActivities>;
