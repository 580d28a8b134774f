import { ApplicationFailure, condition, continueAsNew } from '@temporalio/workflow';
import { present } from '../src/ground/present.js';
import { invalidInputMessage } from '../src/rotation/input.js';
import { nextLookIn, type RenewalLook, seenText } from '../src/rotation/watch.js';
import { decide, type Decision } from '../src/rotation/watch-expiry.js';
import { readWatchInput, type WatchInput, type WatchSettings } from '../src/rotation/watch-input.js';
import type { WatchReport, WatchStatus } from '../src/rotation/watch-status.js';
import { waitingOf } from '../src/rotation/watch-waits.js';
import { findable } from './in-phase.js';
import { isHistoryLong } from './operator/said.js';
import { lookAround } from './watch/look.js';
import { startRotation } from './watch/start-rotation.js';
import { listen, newWatchStatus, waitFor, type Watching } from './watch/watching.js';

/**
 * Watches a root: one that cert-manager renews by itself, which begins a rotation that is started here, or a person is asked
 * first, as the input says; and, where the input says how long before, one that expires, and an issuer that does. It sees what is so now, whatever was before; waiting for a person it looks on, and so ends the
 * wait when somebody else has done the work. It goes on in a new run before its history is long.
 *
 * @param carried given by an earlier run of the same watch, and by nobody else
 * @throws ApplicationFailure `InvalidInput`, `NothingToWatch`
 */
export async function watchTrustRoot(input?: WatchInput, carried?: WatchStatus): Promise<WatchReport> {
  const settings = checked(input);
  const watching: Watching = { settings, status: carried ?? newWatchStatus(settings), heard: 0 };
  listen(watching);
  if (!carried) await findable(settings.cluster, 'watch');
  for (;;) {
    if (isHistoryLong()) return await continueAsNew<typeof watchTrustRoot>(input, watching.status);
    const { heard } = watching;
    const look = await lookAround(watching);
    const next = look ? await act(watching, look) : settings.every;
    if (look && settings.once && !watching.status.waiting) return reportOf(watching, look);
    if (next > 0) await condition(() => watching.heard !== heard, next);
  }
}

function checked(input: unknown): WatchSettings {
  const read = readWatchInput(input);
  if (read.ok) return read.settings;
  throw ApplicationFailure.nonRetryable(invalidInputMessage(read.problems), 'InvalidInput', read.problems);
}

/** @returns milliseconds until the next look; 0: a rotation has ended, and everything may be otherwise now */
async function act(watching: Watching, look: RenewalLook): Promise<number> {
  const { settings, status } = watching;
  const { onRenewal } = settings;
  const { approval, rotation, told } = status;
  const ended = rotation?.outcome ? rotation.root : undefined;
  const decision = decide(look, status.ahead, { onRenewal, approved: approval?.root, ended, told });
  if (decision.due !== 'start') {
    remember(status, decision);
    waitFor(watching, waitingOf(decision, rotation));
    return nextLookIn(look, settings.every);
  }
  await startRotation(watching, decision.job);
  return status.rotation === rotation ? settings.every : 0;
}

/** What is asked about. Temporal forgets a rotation that has ended in vain, and then this is all that knows of it. */
function remember(status: WatchStatus, decision: Decision): void {
  delete status.asks;
  if (decision.due === 'nothing') return;
  const { what, fingerprint } = decision.job;
  status.asks = fingerprint;
  if (what !== 'renewed') status.told = fingerprint;
}

function reportOf({ settings, status }: Watching, look: RenewalLook): WatchReport {
  const { rotation, ahead, alerts, notes } = status;
  return { cluster: settings.cluster, seen: seenText(look), look, notes, ...present({ rotation, ahead, alerts }) };
}
