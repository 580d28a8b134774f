import { CancellationScope, isCancellation, log, sleep } from '@temporalio/workflow';
import { clear, raise } from '../src/rotation/alerts.js';
import { bridgeCheckInterval, type BridgeKept, type KeyMissing } from '../src/rotation/bridge-life.js';
import {
  bridgeEnding,
  bridgeEnds,
  bridgeKeyMissing,
  bridgeNotKept,
  issuerEnding,
  isIssuerReplaced,
} from '../src/rotation/certificate-watch.js';
import { followHelm } from './helm.js';
import { untilHandedOver } from './hand-off.js';
import { now, showDetails } from './in-phase.js';
import { isLeaving } from './operator/index.js';
import { cancelWhen } from './operator/scopes.js';
import type { Generated } from './rotation.js';
import { causeOf, stepsOn } from './steps.js';

/**
 * A rotation may wait longer than certificates last. Whatever else it does, the bridge certificate is made anew in time,
 * and what ends soon and cannot be renewed is said while there is time.
 */
export async function keepingWatch<T>(rotation: Generated, work: () => Promise<T>): Promise<T> {
  const scope = new CancellationScope({ cancellable: true });
  const watching = scope.run(async () => await keepWatch(rotation));
  watching.catch(() => undefined); // it ends with its cancellation
  try {
    return await work();
  } finally {
    scope.cancel();
    await watching.catch(() => undefined); // before anybody writes the issuer the other way
  }
}

async function keepWatch(rotation: Generated): Promise<void> {
  const { mesh, course, status } = rotation;
  for (;;) {
    await sleep(bridgeCheckInterval(mesh.leafLifeMs), { summary: 'until the certificates in use are looked at again' });
    watchIssuer(rotation);
    if (course.bridge) await keepBridge(rotation);
    showDetails(status);
  }
}

async function keepBridge(rotation: Generated): Promise<void> {
  const { input, status } = rotation;
  try {
    const kept = await stepsOn(status.cluster).quick.keepBridge(input);
    status.bridgeNotAfter = kept.notAfter;
    followHelm(status, kept);
    clear(status, 'BridgeNotKept');
    sayOfKey(rotation, kept);
    if (kept.handOff) await askForBridge(rotation);
  } catch (error) {
    if (isLeaving(error)) throw error;
    const cause = causeOf(error);
    log.warn('the bridge certificate could not be looked after; it is tried again', cause);
    raise(status, bridgeNotKept(cause, status.bridgeNotAfter), now());
  }
}

/** While a phase asks for the issuer Secret itself, that has the new certificate in it. */
async function askForBridge(rotation: Generated): Promise<void> {
  const { input, status, operator } = rotation;
  const isAsked = () => Object.keys(operator.said().handOffs ?? {}).some((key) => key.startsWith('writeIssuer '));
  const { keepBridge: keep } = stepsOn(status.cluster).quick;
  const ask = { step: 'keepBridge' as const, input: () => input, call: keep };
  try {
    if (!isAsked()) await cancelWhen(isAsked, async () => await untilHandedOver(rotation, ask));
  } catch (error) {
    if (!isCancellation(error) || CancellationScope.current().consideredCancelled) throw error;
  }
}

/** What it means that the bridge certificate cannot be made anew. */
function sayOfKey(rotation: Generated, { notAfter, endsSoon, keyMissing }: BridgeKept): void {
  const { status } = rotation;
  if (notAfter !== '' && keyMissing?.canReturn) raise(status, bridgeKeyMissing(keyMissing, notAfter), now());
  else clear(status, 'BridgeKeyMissing');
  if (endsSoon) endingSoon(rotation, notAfter, keyMissing);
  else clear(status, 'BridgeEnding');
}

/** Before the point of no return the issuer of the start is as good; after it, somebody has to see to it that it goes on. */
function endingSoon({ status, operator }: Generated, notAfter: string, missing?: KeyMissing): void {
  if (status.pastPointOfNoReturn) raise(status, bridgeEnding(notAfter, missing), now());
  else operator.end('BridgeEnding', `${bridgeEnds(notAfter, missing)} The rotation ends before that breaks anything.`);
}

function watchIssuer({ status, roots, mesh, course }: Generated): void {
  // cert-manager renews it
  const ending = roots.issuer && roots.issuerOfStart && issuerEnding(roots.issuerOfStart, mesh.leafLifeMs, new Date());
  if (ending && !isIssuerReplaced(course, status)) raise(status, ending, now());
  else clear(status, 'IssuerEnding');
}
