import { present } from '../../src/ground/present.js';
import type { ProxyObservation } from '../../src/ground/mesh.js';
import type { Linkerd } from '../../src/linkerd/detect.js';
import { readIssuer, type StoredIssuer } from '../../src/linkerd/identity/issuer.js';
import { anchorsHeld, readAnchors, type StoredAnchors } from '../../src/linkerd/layouts/stores.js';
import { issuerStateOf } from '../../src/records/issuer-states.js';
import type { RotationSecret } from '../../src/records/rotation-secret.js';
import { certificateFacts } from '../../src/rotation/certificate-facts.js';
import type { IssuerState } from '../../src/rotation/courses/course.js';
import { isPastReturn, type Roots } from '../../src/rotation/past-return.js';
import type { GenerateResult, StepInput } from '../../src/rotation/payloads.js';
import { isUntouched, type Traces, type Use, useOf } from '../../src/rotation/untouched.js';
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
  const stores = await readAnchors(k8s, linkerd);
  const { certificates } = await readIssuer(k8s, linkerd);
  const proxies = await observeAnchors(dependencies, linkerd);
  const traces = tracesOf(rotation, { stores, certificates, proxies });
  const isOwn = rotation.firstRunId !== undefined && rotation.firstRunId === firstRunId;
  const roots = rootsOf(rotation);
  const [bundle = []] = traces.stores;
  return {
    facts: factsOf(rotation, { adopted: !isOwn, pastPointOfNoReturn: isPastReturn(roots, { bundle, proxies }) }),
    issuer: traces.issuer,
    untouched: isUntouched(roots, { ...traces, isOwn }),
    use: useOf(roots, traces),
  };
}

/** The roots that a rotation's Secret is about. */
export function rootsOf({ root, retire }: RotationSecret): Roots {
  return { root: root.fingerprint, retire };
}

/** What of a mesh may refer to what a rotation's Secret holds; `certificates`: those in the issuer Secret. */
export function tracesOf(
  rotation: RotationSecret,
  {
    stores,
    certificates,
    proxies,
  }: { stores: readonly StoredAnchors[]; proxies: readonly ProxyObservation[] } & Pick<StoredIssuer, 'certificates'>,
): Omit<Traces, 'isOwn'> {
  return { stores: anchorsHeld(stores), proxies, issuer: issuerStateOf(certificates, rotation) };
}

/** A rotation's certificates as status and report show them. */
export function factsOf(
  { root, issuer, retire, previous }: RotationSecret,
  state: Pick<GenerateResult, 'adopted' | 'pastPointOfNoReturn'>,
): GenerateResult {
  const retired = previous.roots.filter(({ fingerprint }) => retire.includes(fingerprint));
  return {
    root: certificateFacts(root),
    ...present({ issuer: issuer && certificateFacts(issuer) }),
    issuerOfStart: certificateFacts(previous.issuer),
    retire: retired.map(certificateFacts),
    ...state,
  };
}
