import { ApplicationFailure } from '@temporalio/activity';
import { detectLinkerd } from '../src/linkerd/detect.js';
import {
  freeLease,
  holderOf,
  type LeaseHolder,
  readLease,
  shownHolder,
  takeFreeLease,
  takeOverLease,
} from '../src/records/lease.js';
import { LEASE } from '../src/records/names.js';
import type { HolderState } from '../src/rotation/lease-holder.js';
import type { LeaseInput } from '../src/rotation/payloads.js';
import type { Dependencies } from './kit/dependencies.js';
import { describeHolder } from './kit/fence.js';
import { askForHolder, ownHolder } from './kit/lease-holder.js';

/** For `kubectl patch`: a Lease that nobody holds. */
const WITHOUT_HOLDER = '{"metadata":{"annotations":null},"spec":null}';

/**
 * Takes the one Lease of the cluster: a second rotation is refused by name, one that has ended is taken over.
 * @throws ApplicationFailure `RotationAlreadyRunning` with the holder
 */
export async function acquireLease({ k8s, temporalAddress }: Dependencies, input: LeaseInput): Promise<void> {
  const { namespace } = await detectLinkerd(k8s, input.linkerdNamespace);
  const mine = await ownHolder(temporalAddress, input.firstRunId);
  for (;;) {
    if (await takeFreeLease(k8s, namespace, mine)) return;
    const found = await readLease(k8s, namespace);
    if (!found) continue; // given back in between
    const holder = holderOf(found);
    if (holder.runId === mine.runId && holder.temporalNamespaceId === mine.temporalNamespaceId) return;
    await refuseRunning(holder, mine, namespace);
    await takeOverLease(k8s, namespace, found, mine);
    return;
  }
}

/** Gives the Lease back if it is still this rotation's. */
export async function releaseLease({ k8s }: Dependencies, input: LeaseInput): Promise<void> {
  const { namespace } = await detectLinkerd(k8s, input.linkerdNamespace);
  const found = await readLease(k8s, namespace);
  if (!found || holderOf(found).runId !== input.firstRunId) return;
  await freeLease(k8s, namespace, found);
}

/** Its own Lease, as an earlier version wrote it, is no other rotation's. */
async function refuseRunning(holder: LeaseHolder, mine: LeaseHolder, namespace: string): Promise<void> {
  if (holder.runId === mine.runId) return;
  const state = await askForHolder(holder, mine);
  if (state === 'closed') return;
  throw ApplicationFailure.nonRetryable(
    whyRefused(state, { ...holder, ...whereFound(state, mine) }, namespace),
    'RotationAlreadyRunning',
    shownHolder(holder),
  );
}

/** The server that answered is where it can be found now; the Lease says where it was reached at its start. */
function whereFound(state: HolderState, { temporalAddress }: LeaseHolder): Partial<LeaseHolder> {
  return state === 'alive' ? { temporalAddress } : {};
}

function whyRefused(state: HolderState, holder: LeaseHolder, namespace: string): string {
  const it = describeHolder(holder);
  if (state === 'alive') {
    return `another rotation of this cluster is running: ${it}. Follow it with \`reroot status\`, or \`abort\` it`;
  }
  const because = holder.temporalNamespaceId
    ? 'That is not the Temporal namespace of this worker, so nobody can tell from here whether it still runs'
    : 'An earlier version of reroot wrote that, and the Temporal server of this worker does not know that workflow, so nobody can tell from here whether it still runs';
  return (
    `another rotation has this cluster: ${it}. ${because}. Follow it there. If it has ended, or its server is gone for good: ` +
    `\`kubectl patch lease -n ${namespace} ${LEASE} --type merge -p '${WITHOUT_HOLDER}'\`, then start again; a rotation ` +
    'goes on from what another left'
  );
}
