import { ApplicationFailure } from '@temporalio/activity';
import type { Kubernetes } from '../src/kubernetes/client.js';
import type { Linkerd } from '../src/linkerd/detect.js';
import { readIssuer } from '../src/linkerd/issuer.js';
import { readSuppliedCertificates } from '../src/linkerd/supplied.js';
import { createRotationSecret, type NewRotation, readRotationSecret } from '../src/linkerd/rotation-secret.js';
import { readAnchors } from '../src/linkerd/stores.js';
import { detectLinkerd } from '../src/linkerd/detect.js';
import { checkAuthority } from '../src/pki/authority.js';
import type { Certificate } from '../src/pki/certificate.js';
import { verifyChain } from '../src/pki/chain.js';
import { createIssuer, createRoot } from '../src/pki/issue.js';
import { parseKey, toPkcs8Pem, toSec1Pem } from '../src/pki/key.js';
import { parseDuration } from '../src/rotation/duration.js';
import type { RotationSettings } from '../src/rotation/input.js';
import type { GenerateResult, RootFacts, StepInput } from '../src/rotation/steps.js';
import type { Dependencies } from './dependencies.js';

/**
 * generate: the new root and its issuer, in one Secret, in one write, inside this one activity: keys are seen nowhere
 * else. When another run has left the Secret, its root is adopted: there is one new root per rotation.
 */
export async function generate({ k8s }: Dependencies, input: StepInput): Promise<GenerateResult> {
  const linkerd = await detectLinkerd(k8s, input.linkerdNamespace);
  const [authoritative] = await readAnchors(k8s, linkerd);
  const existing = await readRotationSecret(k8s, linkerd.namespace);
  const rotation =
    existing ??
    (await createRotationSecret(
      k8s,
      linkerd.namespace,
      await prepare(k8s, linkerd, input.settings, authoritative.certificates),
    ));
  const problems = checkAuthority({
    root: rotation.root,
    issuer: rotation.issuer,
    issuerKey: parseKey(rotation.issuerKeyPem),
    at: new Date(),
    oldAnchors: authoritative.certificates.filter(({ fingerprint }) => fingerprint !== rotation.root.fingerprint),
  }).filter(({ severity }) => severity === 'error');
  if (problems.length > 0) {
    throw ApplicationFailure.nonRetryable(
      problems.map(({ reason, message }) => `${reason}: ${message}`).join('; '),
      'BadCertificates',
    );
  }
  const known = new Map(authoritative.certificates.map((certificate) => [certificate.fingerprint, certificate]));
  return {
    target: { rotation: rotation.id, root: rotation.root.fingerprint, retire: rotation.retire },
    root: factsOf(rotation.root),
    issuer: factsOf(rotation.issuer),
    retire: rotation.retire.flatMap((fingerprint) => {
      const certificate = known.get(fingerprint);
      return certificate ? [factsOf(certificate)] : [];
    }),
    adopted: existing !== undefined,
  };
}

export function factsOf(certificate: Certificate): RootFacts {
  return {
    fingerprint: certificate.fingerprint,
    commonName: certificate.commonName,
    notBefore: certificate.notBefore.toISOString(),
    notAfter: certificate.notAfter.toISOString(),
  };
}

/** The anchors that the issuer in use needs: they go; every other anchor belongs to somebody else and stays. */
export function anchorsToRetire(
  issuer: readonly [Certificate, ...Certificate[]],
  anchors: readonly Certificate[],
): Certificate[] {
  return anchors.filter(
    (anchor) => verifyChain({ chain: [...issuer], anchors: [anchor], at: new Date(), anchorExpiry: 'ignore' }).ok,
  );
}

async function prepare(
  k8s: Kubernetes,
  linkerd: Linkerd,
  settings: RotationSettings,
  anchors: readonly Certificate[],
): Promise<NewRotation> {
  const current = await readIssuer(k8s, linkerd);
  const made = await certificates(k8s, linkerd, settings);
  const retire = anchorsToRetire(current.certificates, anchors)
    .map(({ fingerprint }) => fingerprint)
    .filter((fingerprint) => fingerprint !== made.root.fingerprint);
  return {
    id: made.root.fingerprint.slice(0, 12),
    rootPem: made.root.pem,
    issuerPem: made.issuerPem,
    issuerKeyPem: made.issuerKeyPem,
    retire,
    ...(made.rootKeyPem && settings.root.key === 'keep' ? { rootKeyPem: made.rootKeyPem } : {}),
  };
}

interface Made {
  root: Certificate;
  rootKeyPem?: string;
  issuerPem: string;
  issuerKeyPem: string;
}

async function certificates(k8s: Kubernetes, linkerd: Linkerd, settings: RotationSettings): Promise<Made> {
  const issuerName = settings.issuer.commonName ?? `identity.${linkerd.namespace}.${linkerd.trustDomain}`;
  const issuerLife = milliseconds(settings.issuer.validity);
  const supplied =
    settings.certificates && (await readSuppliedCertificates(k8s, linkerd.namespace, settings.certificates.secret));
  if (supplied?.issuerPem && supplied.issuerKeyPem) {
    return { root: supplied.root, issuerPem: supplied.issuerPem, issuerKeyPem: supplied.issuerKeyPem };
  }
  const { root, rootKey } = supplied?.rootKeyPem
    ? { root: supplied.root, rootKey: parseKey(supplied.rootKeyPem) }
    : newRoot(linkerd, settings);
  const issuer = createIssuer({ root, rootKey, commonName: issuerName, validForMs: issuerLife });
  return {
    root,
    rootKeyPem: toPkcs8Pem(rootKey),
    issuerPem: issuer.certificate.pem,
    issuerKeyPem: toSec1Pem(issuer.privateKey),
  };
}

function newRoot(linkerd: Linkerd, settings: RotationSettings) {
  const commonName = settings.root.commonName ?? `root.${linkerd.namespace}.${linkerd.trustDomain}`;
  const made = createRoot({ commonName, validForMs: milliseconds(settings.root.validity) });
  return { root: made.certificate, rootKey: made.privateKey };
}

function milliseconds(duration: string): number {
  const parsed = parseDuration(duration);
  if (parsed === undefined) throw new Error(`not a duration: ${duration}`);
  return parsed;
}
