import { ApplicationFailure } from '@temporalio/activity';
import type { StoredIssuer } from '../../src/linkerd/identity/issuer.js';
import type { RotationSecret } from '../../src/records/rotation-secret.js';
import { readBundle } from '../../src/pki/bundle.js';
import type { Certificate } from '../../src/pki/certificate.js';
import type { IssuerState } from '../../src/rotation/strategies.js';

/** Every certificate in its order: the first is what identity verifies, all of them are what it hands out. */
export function isSameIssuer({ certificates }: StoredIssuer, pem: string): boolean {
  const wanted = readBundle(pem).certificates;
  return (
    wanted.length === certificates.length &&
    wanted.every(({ fingerprint }, index) => fingerprint === certificates[index]?.fingerprint)
  );
}

/** What the issuer Secret holds in each state. */
export function issuerIn(state: IssuerState, rotation: RotationSecret): { certificatePem: string; keyPem: string } {
  const { previous, bridge, issuerPem, issuerKeyPem } = rotation;
  if (state === 'new') return { certificatePem: issuerPem, keyPem: issuerKeyPem };
  const keyPem = previous.issuerKeyPem;
  if (state === 'previous') return { certificatePem: previous.issuerPem, keyPem };
  if (!bridge) throw ApplicationFailure.nonRetryable('the rotation has no bridge certificate', 'BridgeMissing');
  const start = `${previous.issuerPem.trimEnd()}\n`;
  return { certificatePem: state === 'bridge' ? start + bridge.pem : bridge.pem + start, keyPem };
}

/** Which state a stored issuer is in, whichever bridge certificate it carries; undefined: somebody else's. */
export function issuerStateOf({ certificates }: StoredIssuer, rotation: RotationSecret): IssuerState | undefined {
  const [first, ...others] = certificates;
  const { issuer, previous } = rotation;
  if (first.fingerprint === issuer.fingerprint) return 'new';
  const isTwin = (certificate: Certificate) => certificate.publicKeyDer.equals(previous.issuer.publicKeyDer);
  if (first.fingerprint === previous.issuer.fingerprint) return others.some(isTwin) ? 'bridge' : 'previous';
  return isTwin(first) ? 'crossover' : undefined;
}
