import { ApplicationFailure } from '@temporalio/activity';
import { clusterNow, issueTime } from '../src/kubernetes/clock.js';
import type { Linkerd } from '../src/linkerd/detect.js';
import { readIssuer } from '../src/linkerd/identity/issuer.js';
import { readAnchors } from '../src/linkerd/layouts/stores.js';
import type { Certificate } from '../src/pki/certificate.js';
import { anchorsOfIssuer } from '../src/pki/issuer-anchors.js';
import { ROTATION_SECRET } from '../src/records/names.js';
import {
  createRotationSecret,
  emptyRotationSecret,
  type NewRotation,
  parseRotationSecret,
  readRotationSecret,
  type RotationSecret,
  rotationSecretOf,
} from '../src/records/rotation-secret.js';
import type { Course } from '../src/rotation/courses/course.js';
import { courseOf } from '../src/rotation/courses/index.js';
import { keepsRootKey } from '../src/rotation/input.js';
import { adoptionUnclear, isNamed } from '../src/rotation/preflight/left-behind.js';
import type { GenerateResult, StepInput } from '../src/rotation/payloads.js';
import { makeBridge, makeCertificates, makeIssuer } from './kit/make-certificates.js';
import type { Dependencies } from './kit/dependencies.js';
import { fence } from './kit/fence.js';
import { refuseUnfit } from './kit/fit.js';
import { factsOf, lookAt, type Looked } from './kit/look.js';
import { linkerdOf } from './kit/managed.js';
import { keepApart, preparedByCertManager, shortName, startOfRotation } from './kit/prepared-by-cert-manager.js';
import { rootKeyOf } from './kit/root-key.js';

/**
 * The new root and its issuer, in one Secret, in one write, inside this one activity: keys are seen nowhere else. What another
 * run has left in use is adopted: there is one new root per rotation. How far that run came is seen in the cluster.
 * @throws ApplicationFailure `AnotherRotationLeft`, `AdoptionUnclear`, `BadCertificates`, `RootKeyMissing`, `LeaseLost`
 * @throws RecordError `RotationSecretDamaged`
 */
export async function generate(dependencies: Dependencies, input: StepInput): Promise<GenerateResult> {
  await fence(dependencies, input);
  const { k8s } = dependencies;
  const course = courseOf(input.course);
  const linkerd = await linkerdOf(k8s, input);
  for (;;) {
    const [{ certificates: anchors }] = await readAnchors(k8s, linkerd);
    const existing = await readRotationSecret(k8s, linkerd.namespace);
    if (!existing) {
      const made = await make(dependencies, input, { linkerd, anchors });
      if (!made) continue; // somebody was quicker
      await keepApart(dependencies, input, made);
      return factsOf(made, { adopted: false, pastPointOfNoReturn: false });
    }
    const looked = await lookAt(dependencies, linkerd, existing, input);
    if (isToBeAdopted(existing, looked, input)) {
      refuseOtherKind(existing, course);
      const rootKey = await rootKeyOf(k8s, input, existing);
      refuseUnfit(existing, { course, anchors, looked, rootKey, now: clusterNow(k8s) });
      if (!looked.facts.pastPointOfNoReturn) await keepApart(dependencies, input, existing);
      return looked.facts;
    }
    await emptyRotationSecret(k8s, linkerd.namespace, existing);
  }
}

/**
 * Its own, or what is in use. What nothing refers to makes place for new certificates: who has written it, nobody knows.
 * @throws ApplicationFailure `AdoptionUnclear`
 */
function isToBeAdopted(rotation: RotationSecret, { use }: Looked, { firstRunId, settings }: StepInput): boolean {
  if (firstRunId !== undefined && rotation.firstRunId === firstRunId) return true;
  if (use === 'inUse' || isNamed(rotation, settings.adopt)) return true;
  if (use === 'unused') return false;
  throw ApplicationFailure.nonRetryable(adoptionUnclear(rotation.id), 'AdoptionUnclear');
}

interface Found {
  linkerd: Linkerd;
  anchors: readonly Certificate[];
}

/** @returns undefined when there is a Secret already */
async function make(dependencies: Dependencies, input: StepInput, found: Found): Promise<RotationSecret | undefined> {
  const made = await prepare(dependencies, input, found);
  // before it is written: an unfit one would be found again by every retry
  const { anchors, linkerd } = found;
  refuseUnfit(parseRotationSecret(rotationSecretOf(made)), {
    course: courseOf(input.course),
    anchors,
    looked: undefined,
    now: clusterNow(dependencies.k8s),
  });
  const rotation = await createRotationSecret(dependencies.k8s, linkerd.namespace, made);
  return rotation.id === made.id && rotation.firstRunId === made.firstRunId ? rotation : undefined;
}

/** What was made for a rotation of the issuer alone is no use to one of the root, nor the other way round. */
function refuseOtherKind({ retire }: RotationSecret, { replaces }: Course): void {
  const left = retire.length === 0 ? 'issuer' : 'root';
  if (left === replaces) return;
  throw ApplicationFailure.nonRetryable(
    `Secret ${ROTATION_SECRET} is of a rotation of the ${left}: bring that to its end first`,
    'AnotherRotationLeft',
  );
}

async function prepare(
  dependencies: Dependencies,
  input: StepInput,
  { linkerd, anchors }: Found,
): Promise<NewRotation> {
  const { settings, course: ref, firstRunId, owners } = input;
  const course = courseOf(ref);
  const byCertManager = await preparedByCertManager(dependencies, input, { linkerd, anchors });
  if (byCertManager) return byCertManager;
  const current = await readIssuer(dependencies.k8s, linkerd);
  const roots = anchorsOfIssuer(current.certificates, anchors);
  const previous = startOfRotation(current, firstRunId);
  if (course.replaces === 'issuer') {
    const { root, issuer, issuerPem, issuerKeyPem } = await makeIssuer(dependencies, settings, {
      linkerd,
      roots,
      current,
    });
    const id = shortName(issuer);
    return { ...previous, id, rootPem: root.pem, issuerPem, issuerKeyPem, retire: [] };
  }
  const made = await makeCertificates(dependencies, settings, linkerd);
  const { root, rootKeyPem, issuerPem, issuerKeyPem } = made;
  return {
    ...previous,
    id: shortName(root),
    rootPem: root.pem,
    issuerPem,
    issuerKeyPem,
    retire: roots.filter(({ fingerprint }) => fingerprint !== root.fingerprint),
    ...(rootKeyPem && keepsRootKey(settings) ? { rootKeyPem } : {}),
    ...(course.bridge
      ? { bridgePem: makeBridge(made, current, { settings, linkerd, owners, now: issueTime(dependencies.k8s) }).pem }
      : {}),
  };
}
