import { ApplicationFailure } from '@temporalio/activity';
import { detectLinkerd, type Linkerd } from '../../src/linkerd/detect.js';
import type { Prober } from '../../src/linkerd/proxies/observe.js';
import { ROTATION_SECRET } from '../../src/records/names.js';
import { readRotationSecret, type RotationSecret } from '../../src/records/rotation-secret.js';
import type { Kubernetes } from '../../src/kubernetes/client.js';
import type { Certificate } from '../../src/pki/certificate.js';
import type { Target } from '../../src/ground/mesh.js';
import type { StepInput } from '../../src/rotation/payloads.js';
import type { Course } from '../../src/rotation/strategies.js';

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
  /** The root to converge on: the new one, or on the way back the old one. */
  root: Certificate;
  /** What bundles must have: that root, on the way back every root of the start. */
  wanted: Certificate[];
  /** Those and the ones to take out: what presented chains are tried with, each alone. */
  roots: Certificate[];
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
  const { direction } = input.course;
  const { previous } = rotation;
  const back = direction === 'back' && previous.roots.length > 0;
  const wanted = back ? previous.roots : [rotation.root];
  const roots = [...wanted, ...(back ? [rotation.root] : previous.roots)];
  return { linkerd, rotation, target: targetOf(rotation, direction), root: wanted[0] ?? rotation.root, wanted, roots };
}

/** Forward: the new root, without the old ones. Back: the old one again, without the new. */
export function targetOf(rotation: RotationSecret, direction: Course['direction']): Target {
  const { id, root, retire, issuer, previous, bridge } = rotation;
  if (direction === 'forward') {
    const oldIssuers = [previous.issuer, ...(bridge ? [bridge] : [])].map(({ fingerprint }) => fingerprint);
    return { rotation: id, root: root.fingerprint, retire, oldIssuers };
  }
  const [old = root.fingerprint] = retire;
  const isNew = retire.length > 0 ? [root.fingerprint] : []; // an issuer alone: the root stays
  return { rotation: `${id}-back`, root: old, retire: isNew, oldIssuers: [issuer.fingerprint] };
}
