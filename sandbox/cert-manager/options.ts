/** Which of the installs of cert-manager that meshes have; every field has a default: that of Linkerd's guide. */
export interface CertManagerOptions {
  /** Of what kind the issuer of the root is: Buoyant's chart has it in cert-manager's namespace. The issuer's is for clusters always. */
  issuers?: 'ClusterIssuer' | 'Issuer';
  /**
   * Signed by itself; by a CA above it (the trust anchor is that CA's intermediate then); or made by nobody in this
   * cluster: no Certificate, and an issuer whose key is elsewhere, as Vault's is, or in a Secret that a person has made with `step`.
   */
  root?: 'selfSigned' | 'ca' | 'outside' | 'byHand';
  /**
   * Who writes the trust roots: trust-manager, or a job that copies the two Secrets every second. A ClusterBundle is one of
   * trust-manager's own definition, which does the same: trust-manager 0.25 does not reconcile it yet. Or nobody: the installer has
   * been given the root.
   */
  bundle?: 'Bundle' | 'ClusterBundle' | 'synced' | 'installer';
  /** How the Bundle knows its sources. */
  sources?: 'names' | 'labels';
  /** Secret of the root that is in force. */
  anchorSecret?: string;
  /** Secret of the root before it. */
  previousSecret?: string;
  rotationPolicy?: 'Always' | 'Never';
  /** Of the root's Certificate. */
  anchor?: CertificateLife;
  /** Of the identity issuer's Certificate. */
  issuer?: CertificateLife;
}

/** As cert-manager has them: `48h`. Its webhook wants an hour and 5 minutes at the least; here seconds will do. */
export interface CertificateLife {
  duration: string;
  renewBefore: string;
}

export type CertManagerInstall = Required<CertManagerOptions>;

/** linkerd.io, "Automatically Rotating Control Plane TLS Credentials". */
const OFFICIAL: CertManagerInstall = {
  issuers: 'ClusterIssuer',
  root: 'selfSigned',
  bundle: 'Bundle',
  sources: 'names',
  anchorSecret: 'linkerd-trust-anchor',
  previousSecret: 'linkerd-previous-anchor',
  rotationPolicy: 'Always',
  anchor: { duration: '8760h', renewBefore: '7320h' },
  issuer: { duration: '48h', renewBefore: '25h' },
};

export function installOf(options: CertManagerOptions): CertManagerInstall {
  return { ...OFFICIAL, ...options };
}

/** The two source Secrets by the names that they have in Linkerd's guide. */
export function sourceNames(options: CertManagerOptions): Record<string, string> {
  const { anchorSecret, previousSecret } = installOf(options);
  return { [OFFICIAL.anchorSecret]: anchorSecret, [OFFICIAL.previousSecret]: previousSecret };
}
