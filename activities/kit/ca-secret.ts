import type { Kubernetes } from '../../src/kubernetes/client.js';
import { ifAllowed } from '../../src/kubernetes/errors.js';
import type { SecretReference } from '../../src/linkerd/cert-manager/install.js';
import { isKeyOf, readPair, type StoredPair } from '../../src/linkerd/cert-manager/pair.js';
import type { Certificate } from '../../src/pki/certificate.js';
import { TLS } from './root-secret.js';

/** The CA Secret of an Issuer that no Certificate writes: a person has made it (`step`, `kubectl create secret tls`), and writes it. */

/** @returns undefined: it is not there, or may not be read. The issuer that is signed with it tells, then */
export async function readCa(k8s: Kubernetes, ca: SecretReference): Promise<StoredPair | undefined> {
  return await ifAllowed(readPair(k8s, ca, TLS));
}

/**
 * What of it is not as a root needs it, a clause each. cert-manager signs with nothing whose `ca.crt` is of another chain (pkg/util/pki
 * `ParseSingleCertificateChain`).
 */
export function caDifference({ certificates: [first], keyPem, caPem }: StoredPair, root: Certificate): string[] {
  if (first?.fingerprint !== root.fingerprint)
    return [first ? `tls.crt holds ${first.commonName} (${first.fingerprint.slice(0, 12)})` : 'tls.crt holds nothing'];
  return [
    ...(isKeyOf(keyPem, root) ? [] : ['tls.key is the key of another certificate']),
    ...(caPem === '' || caPem.trim() === root.pem.trim() ? [] : ['ca.crt holds another root']),
  ];
}
