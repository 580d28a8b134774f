import type { CertManagerCertificate } from '../writers/certificate-renewal.js';

/** What cert-manager and trust-manager have to do with a mesh, as their own resources say (docs/owners.md). */

export interface SecretReference {
  namespace: string;
  name: string;
}

/** A Certificate of cert-manager, and the Secret that it writes. */
export interface ManagedCertificate {
  namespace: string;
  name: string;
  secret: SecretReference;
  resource: CertManagerCertificate;
}

export interface CertManagerInstall {
  /** The Certificate that writes the issuer Secret; absent: cert-manager does not write it. */
  issuer?: ManagedCertificate;
  /** What signs it, for people: `ClusterIssuer linkerd-identity-issuer`. */
  signer?: string;
  /** The Secret with the CA that signs it; absent: the Issuer is of another kind (Vault, AWS PCA). */
  ca?: SecretReference;
  /** The Certificate that writes the root: that Secret, or a source of the bundle. Absent: the root comes from elsewhere. */
  root?: ManagedCertificate;
  /**
   * The two sources of the bundle: the root's Secret, and the one that holds the previous root, which a rotation writes.
   * Absent: the bundle is written otherwise.
   */
  sources?: { root: SecretReference; previous: SecretReference; key: string };
  /** Who makes the bundle of the sources, for people: `Bundle linkerd-identity-trust-roots`, or a field manager's name. */
  bundle?: string;
}
