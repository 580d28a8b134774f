import { ApplicationFailure, condition, isCancellation, log, workflowInfo } from '@temporalio/workflow';
import { plain } from '../../src/ground/plain.js';
import { present } from '../../src/ground/present.js';
import { addNote } from '../../src/rotation/notes.js';
import { WAITS } from '../../src/rotation/waits.js';
import {
  alertsOf,
  ALERTS_OF_LOOKS,
  missingFromPrevious,
  previousRootMissing,
  type RenewalLook,
  seenIn,
} from '../../src/rotation/watch.js';
import { ALERTS_OF_EXPIRY, expiryAlertsOf } from '../../src/rotation/watch-expiry.js';
import { stepQueue, workerCommand, workflowIdFor } from '../../src/temporal/names.js';
import { causeOf, stepsOn } from '../steps.js';
import { setAlerts, show, type Watching, waitFor } from './watching.js';

/** What a worker that may not look lacks. */
const RIGHTS =
  'A watch needs the rights of a rotation: deploy/rbac, where cert-manager makes the root cert-manager.yaml and cert-manager-renew.yaml too.';

/** How long a look takes before it is said that a worker may be missing. */
const SILENCE = '10s';

/**
 * Looks at the root, and repairs the slot of the previous one where that would be missed. What goes wrong is said, and
 * tried again with the next look; a watch that is one look alone fails with it.
 * @returns undefined when nothing could be seen
 */
export async function lookAround(watching: Watching): Promise<RenewalLook | undefined> {
  const { settings, status } = watching;
  const { cluster } = settings;
  const isFirst = status.look === undefined;
  try {
    const steps = stepsOn(cluster).looks.once;
    const seen = await soon(watching, async () => {
      const expiry = status.ahead && { rotation: settings.rotation };
      const input = { ...target(watching), rotationId: workflowIdFor(cluster), ...present({ expiry }) };
      return await steps.lookForRenewal(input);
    });
    // before it is shown: a watch that ends with its first look has seen nothing that anybody should go by
    if (isFirst && seenIn(seen) === 'noCertificate') throw nothingToWatch(seen);
    status.look = seen;
    setAlerts(watching, ALERTS_OF_LOOKS, alertsOf(seen));
    setAlerts(watching, ALERTS_OF_EXPIRY, expiryAlertsOf(seen, status.ahead));
    status.look = { ...seen, ...(await withPrevious(watching, seen)) };
    return status.look;
  } catch (error) {
    if (isCancellation(error) || isOurs(error)) throw error;
    const { type, message } = causeOf(error);
    if (settings.once) throw ApplicationFailure.nonRetryable(message, type);
    log.warn('the watch could not look; it looks again', { type, message });
    const hint = type === 'KubernetesForbidden' ? `. ${RIGHTS}` : '';
    setAlerts(
      watching,
      ['WatchFailing'],
      [{ reason: 'WatchFailing', message: `it could not look: ${message} (${type})${hint}` }],
    );
    return undefined;
  } finally {
    show(watching);
  }
}

function target({ settings, status }: Watching): { linkerdNamespace?: string; clusterUid?: string } {
  const { linkerdNamespace } = settings;
  const { clusterUid } = status.look ?? {};
  return { ...(linkerdNamespace === undefined ? {} : { linkerdNamespace }), ...(clusterUid ? { clusterUid } : {}) };
}

function nothingToWatch(look: RenewalLook): ApplicationFailure {
  const [alert] = alertsOf(look);
  return ApplicationFailure.nonRetryable(alert?.message ?? '', 'NothingToWatch');
}

function isOurs(error: unknown): boolean {
  return error instanceof ApplicationFailure && error.type === 'NothingToWatch';
}

/** While no worker of the cluster answers, that is said. */
async function soon<T>(watching: Watching, work: () => Promise<T>): Promise<T> {
  const { cluster } = watching.settings;
  const before = watching.status.waiting;
  let over = false;
  const answer = work().finally(() => (over = true));
  answer.catch(() => undefined); // it is awaited below
  if (await condition(() => over, SILENCE)) return await answer;
  const queue = workflowInfo().taskQueue;
  const todo = `Start one: \`${workerCommand(queue, cluster)}\` (it polls task queue \`${stepQueue(queue, cluster)}\`).`;
  waitFor(watching, { kind: WAITS.worker.kind, for: `a worker of cluster ${cluster}`, on: [], todo });
  try {
    return await answer;
  } finally {
    waitFor(watching, before);
  }
}

/** The bundle is somebody's own business where the input says so: then it is said, and not repaired. */
async function withPrevious(watching: Watching, seen: RenewalLook): Promise<Pick<RenewalLook, 'previous'>> {
  const { settings, status } = watching;
  const missing = missingFromPrevious(seen);
  const raise = (why?: string) =>
    setAlerts(watching, ['PreviousRootMissing'], why === undefined ? [] : [previousRootMissing(seen, why)]);
  if (missing.length === 0) raise();
  else if ((settings.rotation.owners?.bundle ?? 'certManager') !== 'certManager')
    raise('The input says who writes it.');
  else {
    try {
      const { previous } = await stepsOn(settings.cluster).looks.once.keepPreviousRoot(target(watching));
      const roots = missing.map((fingerprint) => fingerprint.slice(0, 12)).join(', ');
      addNote(status.notes, `Secret ${previous?.secret} lacked the root in use (${roots}): it has been put there.`);
      raise();
      return previous ? { previous } : {};
    } catch (error) {
      if (isCancellation(error)) throw error;
      const { type, message } = causeOf(error);
      raise(`It could not be put there: ${plain(message)} (${type}).`);
    }
  }
  return {};
}
