import type { KeyObject } from 'node:crypto';
import { ApplicationFailure } from '@temporalio/activity';
import { present } from '../src/ground/present.js';
import { detectLinkerd, type Linkerd } from '../src/linkerd/detect.js';
import { readIssuer } from '../src/linkerd/identity/issuer.js';
import { readAnchors } from '../src/linkerd/layouts/stores.js';
import { checkAuthority, type Problem } from '../src/pki/authority.js';
import type { Certificate } from '../src/pki/certificate.js';
import { anchorsOfIssuer } from '../src/pki/issuer-anchors.js';
import { keyMatches, parseKey } from '../src/pki/key.js';
import { ROTATION_SECRET } from '../src/records/names.js';
import {
  createRotationSecret,
  damaged,
  type NewRotation,
  readRotationSecret,
  type RotationSecret,
  SECRET_KEYS,
} from '../src/records/rotation-secret.js';
import type { Course } from '../src/rotation/courses/course.js';
import { courseOf } from '../src/rotation/courses/index.js';
import type { GenerateResult, StepInput } from '../src/rotation/payloads.js';
import { makeBridge, makeCertificates, makeIssuer } from './kit/make-certificates.js';
import type { Dependencies } from './kit/dependencies.js';
import { fence } from './kit/fence.js';
import { factsOf, lookAt, type Looked } from './kit/look.js';

/**
 * The new root and its issuer, in one Secret, in one write, inside this one activity: keys are seen nowhere else. When
 * another run has left the Secret, its root is adopted: there is one new root per rotation. How far that run came is seen
 * in the cluster.
 * @throws ApplicationFailure `AnotherRotationLeft`, `BadCertificates`, `RootKeyMissing`, `LeaseLost`
 * @throws RecordError `RotationSecretDamaged`
 */
export async function generate(dependencies: Dependencies, input: StepInput): Promise<GenerateResult> {
  await fence(dependencies, input);
  const { k8s } = dependencies;
  const course = courseOf(input.course);
  const linkerd = await detectLinkerd(k8s, input.linkerdNamespace);
  const [{ certificates: anchors }] = await readAnchors(k8s, linkerd);
  const { rotation, isNew } = await findOrMake(dependencies, input, { linkerd, anchors });
  refuseOtherKind(rotation, course);
  const looked = isNew ? undefined : await lookAt(dependencies, linkerd, rotation, input);
  refuseUnfit(rotation, anchors, { course, looked });
  return looked?.facts ?? factsOf(rotation, { adopted: false, pastPointOfNoReturn: false });
}

interface Found {
  linkerd: Linkerd;
  anchors: readonly Certificate[];
}

async function findOrMake(
  dependencies: Dependencies,
  input: StepInput,
  found: Found,
): Promise<{ rotation: RotationSecret; isNew: boolean }> {
  const { k8s } = dependencies;
  const { namespace } = found.linkerd;
  const existing = await readRotationSecret(k8s, namespace);
  if (existing) return { rotation: existing, isNew: false };
  const made = await prepare(dependencies, input, found);
  const rotation = await createRotationSecret(k8s, namespace, made);
  return { rotation, isNew: rotation.id === made.id && rotation.firstRunId === made.firstRunId };
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

/** How a rotation would go on. */
interface Onward {
  course: Course;
  /** Absent: its Secret was made just now. */
  looked: Looked | undefined;
}

/** What would be written is valid now. Past the point of no return there is but one way, so what ends soon goes on. */
function refuseUnfit(rotation: RotationSecret, anchors: readonly Certificate[], { course, looked }: Onward): void {
  const { root, issuer, issuerKeyPem, previous } = rotation;
  const past = looked?.facts.pastPointOfNoReturn ?? false;
  const problems = checkAuthority({
    root,
    issuer,
    issuerKey: readKey(issuerKeyPem),
    at: new Date(),
    oldAnchors: anchors.filter(({ fingerprint }) => fingerprint !== root.fingerprint),
  }).filter(({ severity, reason }) => severity === 'error' && !(past && reason === 'ExpiresDuringRotation'));
  if (looked && !past && !keyMatches(readKey(previous.issuerKeyPem), previous.issuer)) {
    throw damaged(`${SECRET_KEYS.previousIssuerKey} is not the key of ${SECRET_KEYS.previousIssuer}`);
  }
  if (course.bridge && looked && !past && looked.issuer !== 'new') problems.push(...bridgeProblems(rotation));
  if (problems.length === 0) return;
  throw ApplicationFailure.nonRetryable(
    problems.map(({ reason, message, hint }) => `${reason}: ${message}${hint ? ` (${hint})` : ''}`).join('; '),
    'BadCertificates',
  );
}

/** A bridge certificate can be made anew, and made at all, only with the new root's key. */
function bridgeProblems({ bridge, rootKeyPem }: RotationSecret): Problem[] {
  if (rootKeyPem !== undefined || (bridge && bridge.notAfter > new Date())) return [];
  const what = bridge
    ? `the bridge certificate ended on ${bridge.notAfter.toISOString()}`
    : 'there is no bridge certificate';
  return [
    {
      reason: 'BridgeEnded',
      severity: 'error',
      message: `${what}, and the key of the new root, which would make it anew, was discarded`,
      hint: '`abort` goes back to the certificates of the start; strategy `standard` goes on without a bridge',
    },
  ];
}

function readKey(pem: string): KeyObject {
  try {
    return parseKey(pem);
  } catch (error) {
    throw damaged(error instanceof Error ? error.message : 'a key cannot be read');
  }
}

async function prepare(
  dependencies: Dependencies,
  { settings, course: ref, firstRunId }: StepInput,
  { linkerd, anchors }: Found,
): Promise<NewRotation> {
  const course = courseOf(ref);
  const current = await readIssuer(dependencies.k8s, linkerd);
  const roots = anchorsOfIssuer(current.certificates, anchors);
  const previous = {
    previousIssuerPem: current.certificatePem,
    previousIssuerKeyPem: current.keyPem,
    ...present({ firstRunId }),
  };
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
    ...(rootKeyPem && settings.root.key === 'keep' ? { rootKeyPem } : {}),
    ...(course.bridge ? { bridgePem: makeBridge(made, current, { settings, linkerd }).pem } : {}),
  };
}

/** Of a rotation: the same for whoever adopts it. */
function shortName({ fingerprint }: Certificate): string {
  return fingerprint.slice(0, 12);
}
