import { present } from '../src/ground/present.js';
import { readClusterApproval } from '../src/records/approval.js';
import type { AwaitApprovalInput, FoundApproval } from '../src/rotation/payloads.js';
import type { Dependencies } from './kit/dependencies.js';
import { pause, reportProgress } from './kit/heartbeat.js';

/** Milliseconds at least between two looks: somebody is making up their mind. */
const LEAST_PAUSE_MS = 2000;

/** Waits until the hash of a plan stands in the cluster, where the API server decides who may write it. */
export async function awaitApproval({ k8s }: Dependencies, input: AwaitApprovalInput): Promise<FoundApproval> {
  for (;;) {
    const found = await readClusterApproval(k8s, input.linkerdNamespace);
    if (found?.hash === input.planHash) return present({ manager: found.manager, at: found.at });
    reportProgress({ waitingFor: input.planHash, found: found?.hash });
    await pause(Math.max(LEAST_PAUSE_MS, input.settings.timing.poll));
  }
}
