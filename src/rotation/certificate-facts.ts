import type { Certificate } from '../pki/certificate.js';
import type { CertificateFacts } from './payloads.js';

/** A certificate as status, report and overview show it. */
export function certificateFacts({ fingerprint, commonName, notBefore, notAfter }: Certificate): CertificateFacts {
  return { fingerprint, commonName, notBefore: notBefore.toISOString(), notAfter: notAfter.toISOString() };
}
