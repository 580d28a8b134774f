import { isKeyOf } from '../../src/linkerd/cert-manager/pair.js';
import { ISSUER_KEYS, type StoredIssuer } from '../../src/linkerd/identity/issuer.js';
import type { Linkerd } from '../../src/linkerd/detect.js';
import { helmPaths, helmValues, keyFlag, type KeyReference, valuesFile } from '../../src/linkerd/helm-values.js';
import { ISSUER_SECRET } from '../../src/linkerd/names.js';
import { issuerFile } from '../../src/pki/bundle.js';
import { ROTATION_SECRET } from '../../src/records/names.js';
import { SECRET_KEYS } from '../../src/records/rotation-secret.js';
import type { IssuerState } from '../../src/rotation/courses/course.js';
import type { HandOff, HandOffPlace } from '../../src/rotation/hand-off.js';
import { issuerDifference } from '../../src/rotation/hand-off-difference.js';
import type { StepInput } from '../../src/rotation/payloads.js';
import { seenAs, todoOf } from './hand-off.js';

const FOR: Record<IssuerState, string> = {
  bridge: 'the issuer Secret to have the bridge certificate behind the issuer in use',
  crossover: 'the issuer Secret to have the bridge certificate before the issuer in use',
  new: 'the issuer Secret to have the new issuer, certificate and key',
  previous: 'the issuer Secret to have the issuer of the start again',
};

/** What the issuer Secret has to hold. */
export interface IssuerAsk {
  linkerd: Linkerd;
  isBack: boolean;
  state: IssuerState;
  next: { certificatePem: string; keyPem: string };
}

/**
 * The issuer Secret of somebody else: undefined when it holds what it has to. The private key is named, never shown: where
 * the key in use stays, none has to be handed over.
 */
export function issuerHandOff(
  { owners }: StepInput,
  current: StoredIssuer,
  { linkerd, isBack, state, next }: IssuerAsk,
): HandOff | undefined {
  const keys = ISSUER_KEYS[linkerd.scheme];
  const wanted = issuerFile(next.certificatePem);
  const difference = issuerDifference({
    name: `Secret ${ISSUER_SECRET} ${keys.certificate}`,
    found: current.certificates,
    wanted,
    keyFits: isKeyOf(current.keyPem, current.certificates[0]),
    keyName: keys.key,
  });
  if (difference.length === 0) return undefined;
  const key: KeyReference = {
    namespace: linkerd.namespace,
    secret: ROTATION_SECRET,
    key: state === 'new' ? SECRET_KEYS.issuerKey : SECRET_KEYS.previousIssuerKey,
  };
  const isInUse = isKeyOf(current.keyPem, wanted[0]);
  const privateKey = isInUse ? undefined : { ...key, into: keys.key };
  const place: HandOffPlace = {
    kind: 'Secret',
    namespace: linkerd.namespace,
    name: ISSUER_SECRET,
    key: keys.certificate,
    value: next.certificatePem,
    ...(privateKey ? { privateKey } : {}),
  };
  const who = owners?.issuer.who;
  const what = privateKey
    ? `the certificate, and which Secret has the private key that goes with it (in one write)`
    : 'the certificates, in their order; the private key stays as it is';
  return seenAs({
    ...(who === undefined ? {} : { who }),
    for: FOR[state],
    difference,
    todo: todoOf(what, isBack),
    places: [place],
    helm: helmFile(linkerd, next.certificatePem, key),
  });
}

/**
 * The values, and in a comment the flag that gives Helm the key from where it is: also where the key stays, because Helm's own
 * values may have another one, of before an earlier rotation.
 */
function helmFile(linkerd: Linkerd, certificate: string, key: KeyReference): string {
  const flag = keyFlag(helmPaths(linkerd).key, key);
  return `# and the private key: helm upgrade … ${flag}\n${valuesFile(helmValues(linkerd, { certificate }))}`;
}
