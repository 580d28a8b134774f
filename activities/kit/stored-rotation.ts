import { ApplicationFailure } from '@temporalio/activity';
import { present } from '../../src/ground/present.js';
import type { Target } from '../../src/ground/mesh.js';
import type { Linkerd } from '../../src/linkerd/detect.js';
import { changedAnchorsHash } from '../../src/linkerd/helm.js';
import { readIssuer } from '../../src/linkerd/identity/issuer.js';
import { type BundleChange, readAnchors } from '../../src/linkerd/layouts/stores.js';
import type { Certificate } from '../../src/pki/certificate.js';
import { isLaterState, issuerStateOf } from '../../src/records/issuer-states.js';
import { ROTATION_SECRET } from '../../src/records/names.js';
import { readRotationSecret, type RotationSecret } from '../../src/records/rotation-secret.js';
import { targetOf } from '../../src/records/target.js';
import { type Row, rowOf } from '../../src/rotation/courses/course.js';
import { courseOf } from '../../src/rotation/courses/index.js';
import { GATES, type Requirement } from '../../src/rotation/gates.js';
import type { Owners } from '../../src/rotation/owners.js';
import { isPast } from '../../src/rotation/reverted.js';
import type { PhaseInput, StepInput } from '../../src/rotation/payloads.js';
import type { Dependencies } from './dependencies.js';
import { linkerdOf, type Managed, managedOf } from './managed.js';

/** The rotation under way, looked up afresh at the start of each step: the cluster is the only memory. */
export interface StoredRotation {
  /** On the way back to the certificates of the start. */
  isBack: boolean;
  linkerd: Linkerd;
  secret: RotationSecret;
  target: Target;
  /** What bundles must have: the target; on the way back every root of the start, and the new one until it is retired. */
  wanted: Certificate[];
  /** Those and the ones to take out: what presented chains are tried with, each alone. */
  roots: Certificate[];
}

/** The same in one phase of its course. */
export interface PhaseContext extends StoredRotation {
  row: Row;
  /** Who writes what; absent: reroot does. */
  owners?: Owners | undefined;
  /** What every proxy has to show. */
  requirement: Requirement;
  /** What cert-manager writes of it. */
  managed: Managed;
  /** What has to be read of a proxy to tell. */
  evidence: { anchors: boolean; leaf: boolean };
  /** Which hash of the anchors the control plane's templates get when they are rolled; absent: they keep theirs. */
  anchorsHash?: string;
}

/** @throws ApplicationFailure `RotationSecretGone`, `DetectionError` */
export async function readRotation({ k8s }: Pick<Dependencies, 'k8s'>, input: StepInput): Promise<StoredRotation> {
  const linkerd = await linkerdOf(k8s, input);
  const secret = await readRotationSecret(k8s, linkerd.namespace);
  if (!secret) {
    throw ApplicationFailure.nonRetryable(
      `Secret ${linkerd.namespace}/${ROTATION_SECRET}, which held the new root and issuer, is gone or empty: restore it`,
      'RotationSecretGone',
    );
  }
  const { direction } = input.course;
  const { root, previous } = secret;
  // on the way back the new root is needed as well, until every leaf is under a root of the start
  const isBack = direction === 'back';
  const wanted = isBack ? [...previous.roots, root] : [root];
  return { isBack, linkerd, secret, target: targetOf(secret, direction), wanted, roots: [...previous.roots, root] };
}

/**
 * Whether a phase that certifies the old issuer key is over already, as the stores show it: a run that was reset, or that
 * adopts another's remains, comes to a gate that can hold no longer, and has to go past it.
 */
export async function isOvertaken(
  { k8s }: Pick<Dependencies, 'k8s'>,
  { isBack, row, linkerd, target, secret }: PhaseContext,
): Promise<boolean> {
  // under an expired root the certificate of the bridge stands first from the start
  if (isBack || row.retired || (row.issuer !== 'bridge' && row.issuer !== 'crossover')) return false;
  const [{ certificates }] = await readAnchors(k8s, linkerd);
  if (
    !isPast(
      certificates.map(({ fingerprint }) => fingerprint),
      target,
    )
  )
    return false;
  const { certificates: issuer } = await readIssuer(k8s, linkerd);
  return isLaterState(issuerStateOf(issuer, secret), row.issuer);
}

/** @throws ApplicationFailure as `readRotation`; Error when the course has no such phase */
export async function readPhase(dependencies: Pick<Dependencies, 'k8s'>, input: PhaseInput): Promise<PhaseContext> {
  const row = rowOf(courseOf(input.course), input.phase);
  const rotation = await readRotation(dependencies, input);
  const retired = row.retired ? rotation.target.retired.map(({ fingerprint }) => fingerprint) : [];
  const wanted = rotation.wanted.filter(({ fingerprint }) => !retired.includes(fingerprint));
  const change = { add: wanted, remove: retired };
  const managed = await managedOf(dependencies.k8s, input, rotation.linkerd);
  return {
    ...rotation,
    wanted,
    row,
    owners: input.owners,
    managed,
    ...GATES[row.gate],
    ...present({ anchorsHash: await hashFor(dependencies, rotation, { row, change }) }),
  };
}

/**
 * A chart hashes its value of the anchors into every template of the control plane (linkerd2#9118): with that of the bundle that
 * was written, the next `helm upgrade` finds nothing to change, and restarts nothing.
 */
async function hashFor(
  { k8s }: Pick<Dependencies, 'k8s'>,
  { linkerd, target }: StoredRotation,
  { row, change }: { row: Row; change: BundleChange },
): Promise<string | undefined> {
  const changesBundle = row.templates === 'all' && target.retired.length > 0;
  return changesBundle ? await changedAnchorsHash(k8s, linkerd, change) : undefined;
}
