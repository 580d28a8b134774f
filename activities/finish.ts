import { ApplicationFailure } from '@temporalio/activity';
import { sealed } from '../src/evidence/canonical.js';
import { present } from '../src/ground/present.js';
import type { Kubernetes } from '../src/kubernetes/client.js';
import type { Linkerd } from '../src/linkerd/detect.js';
import { readIssuer } from '../src/linkerd/identity/issuer.js';
import { anchorsHeld, readAnchors } from '../src/linkerd/layouts/stores.js';
import { issuerStateOf } from '../src/records/issuer-states.js';
import { ROTATION_SECRET } from '../src/records/names.js';
import { writeReport } from '../src/records/report.js';
import { keepRoot } from '../src/records/root-secret.js';
import { emptyRotationSecret, readRotationSecret, type RotationSecret } from '../src/records/rotation-secret.js';
import { stillNeeded } from '../src/rotation/still-needed.js';
import type { DiscardResult, StepInput } from '../src/rotation/payloads.js';
import type { OldKey } from '../src/rotation/old-key.js';
import {
  type Evidence,
  type RotationReport,
  type Sender,
  type Senders,
  withEvidence,
  withSenders,
} from '../src/rotation/report.js';
import type { Dependencies } from './kit/dependencies.js';
import { dropEarlierEvidence, keepEvidence } from './kit/evidence.js';
import { fence } from './kit/fence.js';
import { lookAt, rootsOf } from './kit/look.js';
import { linkerdOf, type Managed, managedOf } from './kit/managed.js';
import { retireOldKey, saidOfOldKey } from './kit/old-key.js';
import { sendersOf, starterOf, wordsOf } from './kit/senders.js';
import { type MadeByCertManager, madeByCertManager, settle, undoUnrecorded } from './kit/settle.js';

/** What the report says that only the end of a rotation knows. */
export interface Finished {
  /** Of the old issuer's key. */
  oldKey: OldKey;
  /** Absent by reroot 0.5. */
  made?: MadeByCertManager;
  /** Who has sent the messages that the report names, as the Temporal server knows it. */
  senders: Senders;
  /** Absent by reroot 0.7, as are the following. */
  evidence?: Evidence;
  /** Who has started the rotation, as the Temporal server knows. */
  startedBy?: Sender;
  /** Of the report in the cluster. */
  digest?: string;
}

/**
 * finish: the root in use moves to its lasting Secret (with its key if it is to be kept), what every proxy shows is kept as evidence, the
 * report is written, and the rotation's Secret with the old issuer is emptied, last, because the report is made from it. Each part is skipped when it is done
 * already.
 * @throws ApplicationFailure `StillNeeded`: nothing was deleted
 */
export async function finish(
  dependencies: Dependencies,
  input: StepInput & { report: RotationReport },
): Promise<Finished> {
  await fence(dependencies, input);
  const { k8s } = dependencies;
  const { report, settings } = input;
  const linkerd = await linkerdOf(k8s, input);
  const { namespace } = linkerd;
  const rotation = await readRotationSecret(k8s, namespace);
  const managed = await managedOf(k8s, input, linkerd);
  if (rotation) await refuseNeeded(k8s, linkerd, rotation, report);
  if (rotation) await settle(k8s, managed, rotation, report.outcome);
  if (rotation && report.outcome === 'completed') await keepRootInUse(k8s, namespace, rotation, managed);
  const oldKey = await oldKeyOf(k8s, linkerd, { report, rotation, settings });
  const senders = await sendersOf(wordsOf(report));
  const made = await madeByCertManager(k8s, managed, linkerd, report);
  const started = present({ startedBy: await starterOf(input) });
  const evidence = await keepEvidence(dependencies, input, { linkerd, rotation, report });
  const whole = { ...withSenders(withEvidence(report, evidence), senders), ...oldKey, ...made, ...started };
  const { digest } = await writeReport(k8s, namespace, whole, sealed);
  await dropEarlierEvidence(k8s, namespace, evidence);
  if (rotation) await emptyRotationSecret(k8s, namespace, rotation);
  return { oldKey, senders, evidence, digest, ...started, ...(Object.keys(made).length > 0 ? { made } : {}) };
}

/** The keys in the Secret are the only copies: whoever asks for the end, it is the end only when the stores say so. */
async function refuseNeeded(
  k8s: Kubernetes,
  linkerd: Linkerd,
  rotation: RotationSecret,
  { outcome }: RotationReport,
): Promise<void> {
  const stores = anchorsHeld(await readAnchors(k8s, linkerd));
  const issuer = issuerStateOf((await readIssuer(k8s, linkerd)).certificates, rotation);
  const why = stillNeeded({ outcome, ...rootsOf(rotation), stores, issuer });
  if (why) throw ApplicationFailure.nonRetryable(`Secret ${ROTATION_SECRET} is still needed: ${why}`, 'StillNeeded');
}

/** After an abort the key of the start is in use again, and its copies are nobody's concern. */
async function oldKeyOf(
  k8s: Kubernetes,
  linkerd: Linkerd,
  {
    report,
    rotation,
    settings,
  }: { report: RotationReport; rotation: RotationSecret | undefined } & Pick<StepInput, 'settings'>,
): Promise<OldKey> {
  if (!rotation) return await saidOfOldKey(k8s, linkerd.namespace, report);
  if (report.outcome === 'aborted') return {};
  return await retireOldKey(k8s, linkerd, rotation, { settings, at: new Date(report.finishedAt) });
}

/**
 * A new root, as made; after a rotation of the issuer alone the root of the start where it was the issuer itself (a default
 * `linkerd install`): the issuer Secret held its key, and this is the last copy.
 */
async function keepRootInUse(
  k8s: Kubernetes,
  namespace: string,
  rotation: RotationSecret,
  managed: Managed,
): Promise<void> {
  const { retire, root, previous } = rotation;
  // cert-manager has its key: of its Certificate, or in the CA Secret that a person has written
  if (retire.length > 0) return await keepRoot(k8s, namespace, managed.root || managed.ca ? { root } : rotation);
  if (previous.issuer.fingerprint !== root.fingerprint) return;
  await keepRoot(k8s, namespace, { root, rootKeyPem: previous.issuerKeyPem });
}

/**
 * abort before this run has written anything: the new root and its issuer go, if they were made at all and nothing in the
 * mesh refers to them. Otherwise nothing is deleted, and the result says what there is to go back from.
 * @throws RecordError `RotationSecretDamaged`: nothing is deleted then either
 */
export async function discard(dependencies: Dependencies, input: StepInput): Promise<DiscardResult> {
  await fence(dependencies, input);
  const { k8s } = dependencies;
  const linkerd = await linkerdOf(k8s, input);
  const rotation = await readRotationSecret(k8s, linkerd.namespace);
  if (!rotation) {
    await undoUnrecorded(k8s, linkerd, await managedOf(k8s, input, linkerd));
    return { discarded: true };
  }
  const { facts, untouched } = await lookAt(dependencies, linkerd, rotation, input);
  if (!untouched) return { discarded: false, left: facts };
  await emptyRotationSecret(k8s, linkerd.namespace, rotation);
  return { discarded: true };
}
