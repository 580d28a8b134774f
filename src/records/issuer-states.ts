import { formatBundle, issuerFile } from '../pki/bundle.js';
import type { Certificate } from '../pki/certificate.js';
import { hasSigned } from '../pki/signatures.js';
import type { RotationSecret } from './rotation-secret.js';

/** What the issuer Secret can hold during a rotation (src/rotation/courses/course.ts, `IssuerState`). */
type State = 'previous' | 'bridge' | 'crossover' | 'new';
type Chain = readonly [Certificate, ...Certificate[]];

/** Every certificate in its order: the first is what identity verifies, all of them are what it hands out. */
export function isSameIssuer(stored: Chain, pem: string): boolean {
  const wanted = issuerFile(pem);
  return (
    wanted.length === stored.length &&
    wanted.every(({ fingerprint }, index) => fingerprint === stored[index]?.fingerprint)
  );
}

/**
 * What the issuer Secret holds in each state; undefined where that needs a bridge certificate and there is none, or the new
 * issuer is cert-manager's to make.
 */
export function issuerIn(state: State, secret: RotationSecret): { certificatePem: string; keyPem: string } | undefined {
  const { previous, bridge, issuerPem, issuerKeyPem } = secret;
  if (state === 'new')
    return issuerPem && issuerKeyPem ? { certificatePem: issuerPem, keyPem: issuerKeyPem } : undefined;
  const keyPem = previous.issuerKeyPem;
  if (state === 'previous') return { certificatePem: previous.issuerPem, keyPem };
  if (!bridge) return undefined;
  // written anew: behind a block of another kind identity would not see the bridge certificate
  const start = issuerFile(previous.issuerPem);
  const certificates = state === 'bridge' ? [...start, bridge] : [bridge, ...start];
  return { certificatePem: formatBundle(certificates, { finalNewline: true }), keyPem };
}

/**
 * Which state a stored issuer is in, whichever bridge certificate it carries; undefined: somebody else's. The bridge
 * certificate has the key of the issuer of the start and is signed by the new root: the key alone, certified by somebody else
 * (`step ca renew`, cert-manager), is none of this rotation's. A rotation of the issuer alone makes no such certificate.
 */
export function issuerStateOf([first, ...others]: Chain, rotation: RotationSecret): State | undefined {
  const { retire, issuer, previous } = rotation;
  if (first.fingerprint === issuer?.fingerprint || isOfCertManager(rotation, first)) return 'new';
  const isBridge = (certificate: Certificate) => retire.length > 0 && isBridgeOf(rotation, certificate);
  if (first.fingerprint === previous.issuer.fingerprint) return others.some(isBridge) ? 'bridge' : 'previous';
  return isBridge(first) ? 'crossover' : undefined;
}

/** Whether a certificate is the key of the issuer of the start under a rotation's root. */
export function isBridgeOf({ root, previous }: RotationSecret, certificate: Certificate): boolean {
  return certificate.publicKeyDer.equals(previous.issuer.publicKeyDer) && hasSigned(root, certificate);
}

/** Whichever it is: cert-manager renews it when it wants, and each has a key of its own. */
function isOfCertManager({ issuerByCertManager, root, previous }: RotationSecret, certificate: Certificate): boolean {
  if (!issuerByCertManager || !hasSigned(root, certificate)) return false;
  return !certificate.publicKeyDer.equals(previous.issuer.publicKeyDer);
}

/** Whether cert-manager has renewed the issuer of the start under a root of the start. */
export function isRenewedStart({ issuerByCertManager, previous }: RotationSecret, certificate: Certificate): boolean {
  if (!issuerByCertManager || certificate.fingerprint === previous.issuer.fingerprint) return false;
  return previous.roots.some((root) => hasSigned(root, certificate));
}

const FORWARD: readonly State[] = ['previous', 'bridge', 'crossover', 'new'];

/**
 * Whether a state comes later than another on the way forward. The issuer Secret never goes back on that way: a run that
 * resumes, was reset or adopts another's remains finds it further than its own phase would write it, and leaves it so.
 */
export function isLaterState(found: State | undefined, wanted: State): boolean {
  return found !== undefined && FORWARD.indexOf(found) > FORWARD.indexOf(wanted);
}
