import { StateError } from '../../src/ground/state-error.js';
import { clusterNow } from '../../src/kubernetes/clock.js';
import type { Kubernetes } from '../../src/kubernetes/client.js';
import { versionProblems } from '../../src/linkerd/accepted-authority.js';
import type { Linkerd } from '../../src/linkerd/detect.js';
import { type Authority, checkAuthority, type Problem } from '../../src/pki/authority.js';
import { readBundle } from '../../src/pki/bundle.js';
import type { Certificate } from '../../src/pki/certificate.js';
import { parseKey } from '../../src/pki/key.js';
import { readSuppliedCertificates, type SuppliedCertificates } from '../../src/records/supplied.js';
import type { RotationSettings } from '../../src/rotation/input.js';
import type { SuppliedFacts } from '../../src/rotation/preflight/observation.js';

/** Reads the Secret that the input names, if it does, and says what this Linkerd would not take of it. */
export async function suppliedFacts(
  k8s: Kubernetes,
  linkerd: Linkerd,
  { certificates }: Pick<RotationSettings, 'certificates'>,
  oldAnchors: readonly Certificate[],
): Promise<SuppliedFacts | undefined> {
  if (!certificates) return undefined;
  try {
    const supplied = await readSuppliedCertificates(k8s, linkerd.namespace, certificates.secret);
    const authority = authorityOf(supplied, { oldAnchors, at: clusterNow(k8s) });
    return {
      problems: [...checkAuthority(authority), ...versionProblems(linkerd, authority.root, authority.issuer)],
      hasRootKey: supplied.rootKeyPem !== undefined,
    };
  } catch (error) {
    if (!(error instanceof StateError)) throw error;
    return { problems: [unfit(error)] };
  }
}

function authorityOf(supplied: SuppliedCertificates, given: Pick<Authority, 'oldAnchors' | 'at'>): Authority {
  const authority: Authority = { root: supplied.root, ...given };
  const [issuer] = readBundle(supplied.issuerPem ?? '').certificates;
  if (issuer) authority.issuer = issuer;
  if (supplied.issuerKeyPem) authority.issuerKey = parseKey(supplied.issuerKeyPem);
  if (supplied.rootKeyPem) authority.rootKey = parseKey(supplied.rootKeyPem);
  return authority;
}

function unfit({ message }: StateError): Problem {
  return { reason: 'SuppliedSecretUnfit', severity: 'error', message };
}
