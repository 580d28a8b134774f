import type { Linkerd } from '../../src/linkerd/detect.js';
import { readIssuer } from '../../src/linkerd/identity/issuer.js';
import { readAnchors } from '../../src/linkerd/layouts/stores.js';
import type { Certificate } from '../../src/pki/certificate.js';
import { issuerStateOf } from '../../src/records/issuer-states.js';
import type { RotationSecret } from '../../src/records/rotation-secret.js';
import type { IssuerState } from '../../src/rotation/courses/course.js';
import { isPastReturn } from '../../src/rotation/past-return.js';
import type { CertificateFacts, GenerateResult, StepInput } from '../../src/rotation/payloads.js';
import { isUntouched, type Use, useOf } from '../../src/rotation/untouched.js';
import type { Dependencies } from './dependencies.js';
import { observeAnchors } from './proxies.js';

/** What the cluster shows of a rotation whose Secret was there already. */
export interface Looked {
  facts: GenerateResult;
  /** What the issuer Secret holds; undefined: somebody else's. */
  issuer: IssuerState | undefined;
  /** Nothing in the mesh refers to what the Secret holds. */
  untouched: boolean;
  use: Use;
}

/** Looks at stores, issuer and the processes of all proxies; no key is needed for it. */
export async function lookAt(
  dependencies: Dependencies,
  linkerd: Linkerd,
  rotation: RotationSecret,
  { firstRunId }: Pick<StepInput, 'firstRunId'>,
): Promise<Looked> {
  const { k8s } = dependencies;
  const stores = (await readAnchors(k8s, linkerd)).map(({ certificates }) => fingerprints(certificates));
  const { certificates } = await readIssuer(k8s, linkerd);
  const issuer = issuerStateOf(certificates, rotation);
  const proxies = await observeAnchors(dependencies, linkerd);
  const isOwn = rotation.firstRunId !== undefined && rotation.firstRunId === firstRunId;
  const roots = { root: rotation.root.fingerprint, retire: rotation.retire };
  const [bundle = []] = stores;
  return {
    facts: factsOf(rotation, { adopted: !isOwn, pastPointOfNoReturn: isPastReturn(roots, { bundle, proxies }) }),
    issuer,
    untouched: isUntouched(roots, { stores, proxies, issuer, isOwn }),
    use: useOf(roots, { stores, proxies, issuer }),
  };
}

/** A rotation's certificates as status and report show them. */
export function factsOf(
  { root, issuer, retire, previous }: RotationSecret,
  state: Pick<GenerateResult, 'adopted' | 'pastPointOfNoReturn'>,
): GenerateResult {
  const retired = previous.roots.filter(({ fingerprint }) => retire.includes(fingerprint));
  return {
    root: certificateFacts(root),
    issuer: certificateFacts(issuer),
    issuerOfStart: certificateFacts(previous.issuer),
    retire: retired.map(certificateFacts),
    ...state,
  };
}

function certificateFacts({ fingerprint, commonName, notBefore, notAfter }: Certificate): CertificateFacts {
  return { fingerprint, commonName, notBefore: notBefore.toISOString(), notAfter: notAfter.toISOString() };
}

function fingerprints(certificates: readonly Certificate[]): string[] {
  return certificates.map(({ fingerprint }) => fingerprint);
}
