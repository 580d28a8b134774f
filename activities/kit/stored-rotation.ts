import { ApplicationFailure } from '@temporalio/activity';
import type { Target } from '../../src/ground/mesh.js';
import { detectLinkerd, type Linkerd } from '../../src/linkerd/detect.js';
import type { Certificate } from '../../src/pki/certificate.js';
import { ROTATION_SECRET } from '../../src/records/names.js';
import { readRotationSecret, type RotationSecret } from '../../src/records/rotation-secret.js';
import { targetOf } from '../../src/records/target.js';
import { type Row, rowOf } from '../../src/rotation/courses/course.js';
import { courseOf } from '../../src/rotation/courses/index.js';
import { GATES, type Requirement } from '../../src/rotation/gates.js';
import type { PhaseInput, StepInput } from '../../src/rotation/payloads.js';
import type { Dependencies } from './dependencies.js';

/** The rotation under way, looked up afresh at the start of each step: the cluster is the only memory. */
export interface StoredRotation {
  linkerd: Linkerd;
  secret: RotationSecret;
  target: Target;
  /** What bundles must have: the target, on the way back every root of the start. */
  wanted: Certificate[];
  /** Those and the ones to take out: what presented chains are tried with, each alone. */
  roots: Certificate[];
}

/** The same in one phase of its course. */
export interface PhaseContext extends StoredRotation {
  row: Row;
  /** What every proxy has to show. */
  requirement: Requirement;
  /** What has to be read of a proxy to tell. */
  evidence: { anchors: boolean; leaf: boolean };
}

/** @throws ApplicationFailure `RotationSecretGone`, `DetectionError` */
export async function readRotation({ k8s }: Pick<Dependencies, 'k8s'>, input: StepInput): Promise<StoredRotation> {
  const linkerd = await detectLinkerd(k8s, input.linkerdNamespace);
  const secret = await readRotationSecret(k8s, linkerd.namespace);
  if (!secret) {
    throw ApplicationFailure.nonRetryable(
      `Secret ${ROTATION_SECRET}, which holds the new root and issuer, is gone from namespace ${linkerd.namespace}: restore it`,
      'RotationSecretGone',
    );
  }
  const { direction } = input.course;
  const { root, previous } = secret;
  const back = direction === 'back' && previous.roots.length > 0;
  const wanted = back ? previous.roots : [root];
  const roots = [...wanted, ...(back ? [root] : previous.roots)];
  return { linkerd, secret, target: targetOf(secret, direction), wanted, roots };
}

/** @throws ApplicationFailure as `readRotation`; Error when the course has no such phase */
export async function readPhase(dependencies: Pick<Dependencies, 'k8s'>, input: PhaseInput): Promise<PhaseContext> {
  const row = rowOf(courseOf(input.course), input.phase);
  return { ...(await readRotation(dependencies, input)), row, ...GATES[row.gate] };
}
