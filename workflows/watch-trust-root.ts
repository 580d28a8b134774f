import { ApplicationFailure, condition, continueAsNew } from '@temporalio/workflow';
import { invalidInputMessage } from '../src/rotation/input.js';
import { dueNow, nextLookIn, type RenewalLook, seenText } from '../src/rotation/watch.js';
import { readWatchInput, type WatchInput, type WatchSettings } from '../src/rotation/watch-input.js';
import type { WatchReport, WatchStatus } from '../src/rotation/watch-status.js';
import { waitingOf } from '../src/rotation/watch-waits.js';
import { findable } from './in-phase.js';
import { isHistoryLong } from './operator/said.js';
import { lookAround } from './watch/look.js';
import { startRotation } from './watch/start-rotation.js';
import { listen, newWatchStatus, waitFor, type Watching } from './watch/watching.js';

/**
 * Watches a root that cert-manager renews by itself: the rotation that this begins is started here, or a person is asked
 * first, as the input says. It sees what is so now, whatever was before; waiting for a person it looks on, and so ends the
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
  const { approval, rotation } = status;
  const ended = rotation?.outcome ? rotation.root : undefined;
  const due = dueNow(look, { onRenewal, approved: approval?.root, ended });
  if (due !== 'start') {
    waitFor(watching, waitingOf(due, look, rotation));
    return nextLookIn(look, settings.every);
  }
  await startRotation(watching, look);
  return status.rotation === rotation ? settings.every : 0;
}

function reportOf({ settings, status }: Watching, look: RenewalLook): WatchReport {
  const { rotation, notes } = status;
  return { cluster: settings.cluster, seen: seenText(look), look, notes, ...(rotation ? { rotation } : {}) };
}
