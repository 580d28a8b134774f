import { ApplicationFailure } from '@temporalio/activity';
import { detectLinkerd, type Linkerd } from '../src/linkerd/detect.js';
import { readIssuer } from '../src/linkerd/identity/issuer.js';
import { readAnchors } from '../src/linkerd/layouts/stores.js';
import { checkAuthority } from '../src/pki/authority.js';
import type { Certificate } from '../src/pki/certificate.js';
import { anchorsOfIssuer } from '../src/pki/issuer-anchors.js';
import { parseKey } from '../src/pki/key.js';
import { ROTATION_SECRET } from '../src/records/names.js';
import {
  createRotationSecret,
  type NewRotation,
  readRotationSecret,
  type RotationSecret,
} from '../src/records/rotation-secret.js';
import type { Course } from '../src/rotation/courses/course.js';
import { courseOf } from '../src/rotation/courses/index.js';
import type { CertificateFacts, GenerateResult, StepInput } from '../src/rotation/payloads.js';
import { makeBridge, makeCertificates, makeIssuer } from './kit/make-certificates.js';
import type { Dependencies } from './kit/dependencies.js';

/**
 * The new root and its issuer, in one Secret, in one write, inside this one activity: keys are seen nowhere else. When
 * another run has left the Secret, its root is adopted: there is one new root per rotation.
 * @throws ApplicationFailure `AnotherRotationLeft`, `BadCertificates`, `RootKeyMissing`
 */
export async function generate(dependencies: Dependencies, input: StepInput): Promise<GenerateResult> {
  const { k8s } = dependencies;
  const course = courseOf(input.course);
  const linkerd = await detectLinkerd(k8s, input.linkerdNamespace);
  const [{ certificates: anchors }] = await readAnchors(k8s, linkerd);
  const existing = await readRotationSecret(k8s, linkerd.namespace);
  if (existing) refuseOtherKind(existing, course);
  const rotation =
    existing ??
    (await createRotationSecret(k8s, linkerd.namespace, await prepare(dependencies, input, { linkerd, anchors })));
  refuseUnfit(rotation, anchors);
  const retired = anchors.filter(({ fingerprint }) => rotation.retire.includes(fingerprint));
  return {
    root: factsOf(rotation.root),
    issuer: factsOf(rotation.issuer),
    retire: retired.map(factsOf),
    adopted: existing !== undefined,
    pastPointOfNoReturn: rotation.retire.length > 0 && retired.length === 0,
  };
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

function refuseUnfit({ root, issuer, issuerKeyPem }: RotationSecret, anchors: readonly Certificate[]): void {
  const problems = checkAuthority({
    root,
    issuer,
    issuerKey: parseKey(issuerKeyPem),
    at: new Date(),
    oldAnchors: anchors.filter(({ fingerprint }) => fingerprint !== root.fingerprint),
  }).filter(({ severity }) => severity === 'error');
  if (problems.length === 0) return;
  throw ApplicationFailure.nonRetryable(
    problems.map(({ reason, message }) => `${reason}: ${message}`).join('; '),
    'BadCertificates',
  );
}

async function prepare(
  dependencies: Dependencies,
  { settings, course: ref }: StepInput,
  { linkerd, anchors }: { linkerd: Linkerd; anchors: readonly Certificate[] },
): Promise<NewRotation> {
  const course = courseOf(ref);
  const current = await readIssuer(dependencies.k8s, linkerd);
  const roots = anchorsOfIssuer(current.certificates, anchors);
  const previous = { previousIssuerPem: current.certificatePem, previousIssuerKeyPem: current.keyPem };
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

function factsOf({ fingerprint, commonName, notBefore, notAfter }: Certificate): CertificateFacts {
  return { fingerprint, commonName, notBefore: notBefore.toISOString(), notAfter: notAfter.toISOString() };
}
