import { ApplicationFailure } from '@temporalio/activity';
import { detectLinkerd, type Linkerd } from '../src/linkerd/detect.js';
import type { Prober } from '../src/linkerd/observe.js';
import { ROTATION_SECRET } from '../src/linkerd/names.js';
import { readRotationSecret, type RotationSecret } from '../src/linkerd/rotation-secret.js';
import type { Kubernetes } from '../src/kubernetes/client.js';
import type { Certificate } from '../src/pki/certificate.js';
import type { Target } from '../src/rotation/mesh.js';
import type { StepInput } from '../src/rotation/steps.js';

/** What activities work with; made once by the worker. */
export interface Dependencies {
  k8s: Kubernetes;
  prober: Prober;
  /** The Temporal server of this worker, as the Lease names it. */
  temporalAddress: string;
}

/** The rotation under way, looked up afresh at the start of each step: the cluster is the only memory. */
export interface Bearings {
  linkerd: Linkerd;
  rotation: RotationSecret;
  target: Target;
  /** The new root, for verifying chains with it alone. */
  root: Certificate;
}

/** @throws ApplicationFailure `RotationSecretGone`, `DetectionError` */
export async function takeBearings({ k8s }: Dependencies, input: StepInput): Promise<Bearings> {
  const linkerd = await detectLinkerd(k8s, input.linkerdNamespace);
  const rotation = await readRotationSecret(k8s, linkerd.namespace);
  if (!rotation) {
    throw ApplicationFailure.nonRetryable(
      `Secret ${ROTATION_SECRET}, which holds the new root and issuer, is gone from namespace ${linkerd.namespace}: restore it`,
      'RotationSecretGone',
    );
  }
  return {
    linkerd,
    rotation,
    root: rotation.root,
    target: { rotation: rotation.id, root: rotation.root.fingerprint, retire: rotation.retire },
  };
}
