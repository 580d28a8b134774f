import type { Kubernetes } from '../../src/kubernetes/client.js';
import { areCertificatesReady, specChanges, specsOf } from '../cert-manager/certificates.js';

/** What the owner of cert-manager's objects would look for after somebody else has driven them. */
export interface CertificatesSince {
  /** All Certificates are ready, and none is being issued. */
  certificatesReady: boolean;
  /** Certificates, issuers and Bundles with another spec or generation than at the start. */
  specChanges: number;
}

/** @returns what became of them since; nothing where the cluster had none */
export async function certificatesSince(k8s: Kubernetes): Promise<() => Promise<CertificatesSince | undefined>> {
  const before = await specsOf(k8s);
  if (Object.keys(before).length === 0) return async () => undefined;
  return async () => ({
    certificatesReady: await areCertificatesReady(k8s),
    specChanges: specChanges(before, await specsOf(k8s)),
  });
}
