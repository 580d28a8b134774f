import type { CertificateOptions, Certificates } from './certificates.js';
import type { LinkerdVersion, VersionData } from './versions.js';

/** What `linkerd install`, or Helm, is asked for. */
export interface LinkerdOptions extends CertificateOptions {
  linkerd: LinkerdVersion;
  /** Scheme of the issuer Secret: `linkerd.io/tls` or `kubernetes.io/tls`. */
  issuer: 'linkerd' | 'kubernetes';
  install: 'cli' | 'helm';
  /** With `install: 'helm'`: by `helm install` of a chart that the sandbox writes (2.11 and later); else as if by Helm. */
  realHelm?: boolean;
  identityReplicas: number;
  /** How long leaves live, as Linkerd writes it: `24h0m0s`. */
  issuanceLifetime: string;
}

/** Where the API server finds the injector. */
export interface InjectorWebhook {
  url: string;
  /** In base64, as webhook configurations have it. */
  caBundle: string;
}

/** What every object of one install is rendered from. */
export interface Install {
  options: LinkerdOptions;
  version: VersionData;
  certificates: Certificates;
  /** Somebody else makes the issuer Secret and the trust roots: `identity.externalCA=true` and scheme `kubernetes.io/tls`. */
  externalCA: boolean;
  /** The issuer Secret alone: scheme `kubernetes.io/tls`, and the roots from the installer. */
  issuerBrought: boolean;
  /** The annotations with which the tool signs what it makes. */
  createdBy: Record<string, string>;
}
