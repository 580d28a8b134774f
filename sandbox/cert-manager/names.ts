import type { CustomResource } from '../../src/kubernetes/custom.js';

/** Where cert-manager is, and the Secrets of ClusterIssuers and of Bundles. */
export const CERT_MANAGER_NAMESPACE = 'cert-manager';
/** The Certificate of the root. */
export const ANCHOR_CERTIFICATE = 'linkerd-trust-anchor';
/** Its Issuer. */
export const ROOT_ISSUER = 'linkerd-trust-root-issuer';
/** The CA above the root, where there is one: Certificate, Secret and issuer. */
export const UPPER_CA = 'corporate-root';
/** The Secret of the CA that plays Vault: nobody is to look into it. */
export const OUTSIDE_CA = 'sandbox-vault';
/** The Certificate of the identity issuer, in the namespace of Linkerd, and its ClusterIssuer. */
export const ISSUER_CERTIFICATE = 'linkerd-identity-issuer';
/** By this the Bundle selects its sources where it does not name them. */
export const SOURCE_LABEL = { 'example.com/linkerd-trust-anchor': 'true' } as const;

export const CERTIFICATES: CustomResource = { group: 'cert-manager.io', version: 'v1', plural: 'certificates' };
export const ISSUERS: CustomResource = { ...CERTIFICATES, plural: 'issuers' };
export const CLUSTER_ISSUERS: CustomResource = { ...CERTIFICATES, plural: 'clusterissuers' };
export const BUNDLES: CustomResource = { group: 'trust.cert-manager.io', version: 'v1alpha1', plural: 'bundles' };
export const CLUSTER_BUNDLES: CustomResource = {
  group: 'trust-manager.io',
  version: 'v1alpha2',
  plural: 'clusterbundles',
};
