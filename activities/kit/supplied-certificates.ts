import type { KeyObject } from 'node:crypto';
import { present } from '../../src/ground/present.js';
import { StateError } from '../../src/ground/state-error.js';
import { clusterNow } from '../../src/kubernetes/clock.js';
import type { Kubernetes } from '../../src/kubernetes/client.js';
import { versionProblems } from '../../src/linkerd/accepted-authority.js';
import type { Linkerd } from '../../src/linkerd/detect.js';
import { type Authority, checkAuthority } from '../../src/pki/authority.js';
import type { Problem } from '../../src/pki/problem.js';
import { readBundle } from '../../src/pki/bundle.js';
import type { Certificate } from '../../src/pki/certificate.js';
import { readableKey } from '../../src/pki/key.js';
import { SECRET_KEYS } from '../../src/records/rotation-secret.js';
import { readSuppliedCertificates, type SuppliedCertificates, type Wanted } from '../../src/records/supplied.js';
import type { RotationSettings } from '../../src/rotation/input.js';
import type { SuppliedFacts } from '../../src/rotation/preflight/observation.js';

/** Reads the Secret that the input names, if it does, and says what this Linkerd would not take of it. */
export async function suppliedFacts(
  k8s: Kubernetes,
  linkerd: Linkerd,
  { certificates, isRootEnough }: Pick<RotationSettings, 'certificates'> & Wanted,
  oldAnchors: readonly Certificate[],
): Promise<SuppliedFacts | undefined> {
  if (!certificates) return undefined;
  try {
    const supplied = await readSuppliedCertificates(k8s, linkerd, { ...certificates, ...present({ isRootEnough }) });
    const { authority, problems } = authorityOf(supplied, { oldAnchors, at: clusterNow(k8s) });
    return {
      problems: [
        ...problems,
        ...checkAuthority(authority),
        ...versionProblems(linkerd, authority.root, authority.issuer),
      ],
      hasRootKey: supplied.rootKeyPem !== undefined,
    };
  } catch (error) {
    if (!(error instanceof StateError)) throw error;
    return { problems: [unfit(error)] };
  }
}

/** With the keys that can be read, and one problem for each that cannot. */
function authorityOf(
  { root, issuerPem, issuerKeyPem, rootKeyPem }: SuppliedCertificates,
  given: Pick<Authority, 'oldAnchors' | 'at'>,
): { authority: Authority; problems: Problem[] } {
  const [issuer, ...intermediates] = readBundle(issuerPem ?? '').certificates;
  const ofIssuer = keyIn(issuerKeyPem, SECRET_KEYS.issuerKey);
  const ofRoot = keyIn(rootKeyPem, SECRET_KEYS.rootKey);
  const keys = present({ issuer, issuerKey: ofIssuer.key, rootKey: ofRoot.key });
  return {
    authority: { root, intermediates, ...given, ...keys },
    problems: [ofIssuer, ofRoot].flatMap(({ problem }) => problem ?? []),
  };
}

function keyIn(pem: string | undefined, name: string): { key?: KeyObject; problem?: Problem } {
  return pem === undefined ? {} : readableKey(pem, `in ${name}`);
}

function unfit({ message, hint }: StateError): Problem {
  return { reason: 'SuppliedSecretUnfit', severity: 'error', message, hint };
}
