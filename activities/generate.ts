import type { KeyObject } from 'node:crypto';
import { ApplicationFailure } from '@temporalio/activity';
import type { Kubernetes } from '../src/kubernetes/client.js';
import type { Linkerd } from '../src/linkerd/detect.js';
import { readIssuer, type StoredIssuer } from '../src/linkerd/identity/issuer.js';
import { ROOT_SECRET, ROTATION_SECRET } from '../src/records/names.js';
import { readRootKey } from '../src/records/root-secret.js';
import { readSuppliedCertificates } from '../src/records/supplied.js';
import {
  createRotationSecret,
  type NewRotation,
  readRotationSecret,
  SECRET_KEYS,
} from '../src/records/rotation-secret.js';
import { readAnchors } from '../src/linkerd/layouts/stores.js';
import { detectLinkerd } from '../src/linkerd/detect.js';
import { checkAuthority } from '../src/pki/authority.js';
import { type Certificate, parseCertificatePem } from '../src/pki/certificate.js';
import { verifyChain } from '../src/pki/chain.js';
import { createBridge, createIssuer, createRoot } from '../src/pki/issue.js';
import { keyMatches, parseKey, toPkcs8Pem, toSec1Pem } from '../src/pki/key.js';
import { bridgeLife } from '../src/rotation/bridge-life.js';
import { parseDuration } from '../src/ground/duration.js';
import type { RotationSettings } from '../src/rotation/input.js';
import type { GenerateResult, RootFacts, StepInput } from '../src/rotation/payloads.js';
import { type Dependencies, targetOf } from './kit/dependencies.js';

/**
 * generate: the new root and its issuer, in one Secret, in one write, inside this one activity: keys are seen nowhere
 * else. When another run has left the Secret, its root is adopted: there is one new root per rotation.
 */
export async function generate({ k8s }: Dependencies, input: StepInput): Promise<GenerateResult> {
  const linkerd = await detectLinkerd(k8s, input.linkerdNamespace);
  const [authoritative] = await readAnchors(k8s, linkerd);
  const existing = await readRotationSecret(k8s, linkerd.namespace);
  if (existing && (existing.retire.length === 0) !== (input.course.strategy === 'issuer')) {
    throw ApplicationFailure.nonRetryable(
      `Secret ${ROTATION_SECRET} is of a rotation of ${existing.retire.length === 0 ? 'the issuer' : 'the root'}: bring that to its end first`,
      'AnotherRotationLeft',
    );
  }
  const rotation =
    existing ??
    (await createRotationSecret(
      k8s,
      linkerd.namespace,
      await prepare(k8s, linkerd, input, authoritative.certificates),
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
    target: targetOf(rotation, 'forward'),
    root: factsOf(rotation.root),
    issuer: factsOf(rotation.issuer),
    retire: rotation.retire.flatMap((fingerprint) => {
      const certificate = known.get(fingerprint);
      return certificate ? [factsOf(certificate)] : [];
    }),
    adopted: existing !== undefined,
    pastPointOfNoReturn: rotation.retire.length > 0 && !rotation.retire.some((fingerprint) => known.has(fingerprint)),
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
  // an issuer that has expired is under its root all the same
  const at = new Date(Math.min(Date.now(), ...issuer.map(({ notAfter }) => notAfter.getTime())));
  return anchors.filter(
    (anchor) => verifyChain({ chain: [...issuer], anchors: [anchor], at, anchorExpiry: 'ignore' }).ok,
  );
}

async function prepare(
  k8s: Kubernetes,
  linkerd: Linkerd,
  { settings, course }: StepInput,
  anchors: readonly Certificate[],
): Promise<NewRotation> {
  const current = await readIssuer(k8s, linkerd);
  const roots = anchorsToRetire(current.certificates, anchors);
  const issuerOnly = course.strategy === 'issuer';
  const made = issuerOnly
    ? await issuerUnderRoot(k8s, linkerd, settings, roots, current)
    : await certificates(k8s, linkerd, settings);
  const { fingerprint } = issuerOnly ? made.issuer : made.root;
  const keep = settings.root.key === 'keep' && !issuerOnly;
  return {
    id: fingerprint.slice(0, 12),
    rootPem: made.root.pem,
    issuerPem: made.issuerPem,
    issuerKeyPem: made.issuerKeyPem,
    retire: issuerOnly ? [] : roots.filter((root) => root.fingerprint !== made.root.fingerprint),
    previousIssuerPem: current.certificatePem,
    previousIssuerKeyPem: current.keyPem,
    ...(made.rootKeyPem && keep ? { rootKeyPem: made.rootKeyPem } : {}),
    ...(course.strategy === 'bridge' ? { bridgePem: bridgeOf(made, current, linkerd, settings).pem } : {}),
  };
}

function bridgeOf(made: Made, current: StoredIssuer, linkerd: Linkerd, settings: RotationSettings): Certificate {
  if (!made.rootKeyPem) {
    throw ApplicationFailure.nonRetryable(
      `strategy bridge needs the key of the new root, to certify the issuer key in use: Secret ${settings.certificates?.secret} has no ${SECRET_KEYS.rootKey}`,
      'BadCertificates',
    );
  }
  return createBridge({
    issuer: current.certificates[0],
    root: made.root,
    rootKey: parseKey(made.rootKeyPem),
    validForMs: bridgeLife(settings, linkerd.leafLifeMs),
  });
}

/**
 * A new issuer under the root in use: supplied, or signed with the root's key from the Secret that an earlier rotation
 * left, or, where the issuer is the root itself (a default `linkerd install`), with its own key.
 */
async function issuerUnderRoot(
  k8s: Kubernetes,
  linkerd: Linkerd,
  settings: RotationSettings,
  roots: readonly Certificate[],
  current: StoredIssuer,
): Promise<Made> {
  const supplied =
    settings.certificates && (await readSuppliedCertificates(k8s, linkerd.namespace, settings.certificates.secret));
  if (supplied && !roots.some(({ fingerprint }) => fingerprint === supplied.root.fingerprint)) {
    throw ApplicationFailure.nonRetryable(
      `${SECRET_KEYS.root} of Secret ${settings.certificates?.secret} is not the root in use: a new issuer has to be under it (a new root is for \`rotateTrustRoot\`)`,
      'BadCertificates',
    );
  }
  if (supplied?.issuerPem && supplied.issuerKeyPem) {
    return madeOf(supplied.root, supplied.issuerPem, supplied.issuerKeyPem);
  }
  const rootKeyPem =
    supplied?.rootKeyPem ??
    (current.certificates[0].fingerprint === roots[0]?.fingerprint
      ? current.keyPem
      : await readRootKey(k8s, linkerd.namespace, roots));
  const root = roots.find((candidate) => rootKeyPem !== undefined && keyMatches(parseKey(rootKeyPem), candidate));
  if (!root || rootKeyPem === undefined) {
    throw ApplicationFailure.nonRetryable(
      `the key of the root in use is not in Secret ${linkerd.namespace}/${ROOT_SECRET}: give an issuer under that root with \`certificates.secret\``,
      'RootKeyMissing',
    );
  }
  return signIssuer(root, parseKey(rootKeyPem), linkerd, settings);
}

function signIssuer(root: Certificate, rootKey: KeyObject, linkerd: Linkerd, settings: RotationSettings): Made {
  const commonName = settings.issuer.commonName ?? `identity.${linkerd.namespace}.${linkerd.trustDomain}`;
  const issuer = createIssuer({ root, rootKey, commonName, validForMs: milliseconds(settings.issuer.validity) });
  return {
    ...madeOf(root, issuer.certificate.pem, toSec1Pem(issuer.privateKey)),
    rootKeyPem: toPkcs8Pem(rootKey),
  };
}

function madeOf(root: Certificate, issuerPem: string, issuerKeyPem: string): Made {
  return { root, issuer: parseCertificatePem(issuerPem), issuerPem, issuerKeyPem };
}

interface Made {
  root: Certificate;
  rootKeyPem?: string;
  issuer: Certificate;
  issuerPem: string;
  issuerKeyPem: string;
}

async function certificates(k8s: Kubernetes, linkerd: Linkerd, settings: RotationSettings): Promise<Made> {
  const supplied =
    settings.certificates && (await readSuppliedCertificates(k8s, linkerd.namespace, settings.certificates.secret));
  if (supplied?.issuerPem && supplied.issuerKeyPem) {
    const made = madeOf(supplied.root, supplied.issuerPem, supplied.issuerKeyPem);
    return supplied.rootKeyPem ? { ...made, rootKeyPem: supplied.rootKeyPem } : made;
  }
  const { root, rootKey } = supplied?.rootKeyPem
    ? { root: supplied.root, rootKey: parseKey(supplied.rootKeyPem) }
    : newRoot(linkerd, settings);
  return signIssuer(root, rootKey, linkerd, settings);
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
