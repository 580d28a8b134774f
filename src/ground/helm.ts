/** What a Helm release of Linkerd has to be given, so that it renders what was written: public parts alone. */
export interface HelmUpgrade {
  /** A values file, as YAML: `helm upgrade --reuse-values -f`. */
  values: string;
  /**
   * The flag of `helm upgrade` that reads the issuer's key from the Secret that has it, as a shell writes it; absent where the
   * release does not render that Secret.
   */
  keyFlag?: string;
}
