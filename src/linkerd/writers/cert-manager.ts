import type { Kubernetes } from '../../kubernetes/client.js';
import { listIfAllowed } from '../../kubernetes/custom.js';
import { selects } from '../../kubernetes/selector.js';
import { CERTIFICATES } from '../cert-manager/certificate.js';
import { ISSUER_SECRET } from '../names.js';
import { type CertManagerCertificate, issuerRenewal, rootRenewal } from './certificate-renewal.js';
import { type FoundBundle, readBundleOfRoots, selectedSource } from './trust-manager.js';

/** Where trust-manager takes its sources from unless told otherwise (`--trust-namespace`). */
const TRUST_NAMESPACE = 'cert-manager';

/** What cert-manager and trust-manager are going to write, in sentences; undefined where that may not be read. */
export interface AutomaticRenewals {
  /** One for each Certificate that writes the issuer Secret; none: cert-manager does not write it. */
  issuer: string[] | undefined;
  /** trust-manager has a Bundle or ClusterBundle that writes the trust roots. */
  hasBundle: boolean | undefined;
  /** Which it is, and one for each Certificate whose Secret is a source of it. */
  bundle: string[];
}

export async function readAutomaticRenewals(k8s: Kubernetes, namespace: string): Promise<AutomaticRenewals> {
  const [certificates, bundle] = await Promise.all([
    listIfAllowed<CertManagerCertificate>(k8s, CERTIFICATES),
    readBundleOfRoots(k8s),
  ]);
  return {
    issuer: certificates
      ?.filter(({ metadata, spec }) => metadata?.namespace === namespace && spec?.secretName === ISSUER_SECRET)
      .map(issuerRenewal),
    hasBundle: bundle && true,
    bundle: bundle ? bundleSays(bundle, certificates ?? []) : [],
  };
}

/** What a Bundle does, and what will change what it writes. */
export function bundleSays({ name, secrets }: FoundBundle, certificates: readonly CertManagerCertificate[]): string[] {
  const sources = secrets.flatMap((secret) => {
    const found = inTrustNamespace(certificates.filter((certificate) => writes(certificate, secret)));
    if (found.length > 0) return found.map(rootRenewal);
    return secret.selector ? [selectedSource(secret)] : [];
  });
  return [`it is written by ${name}`, ...new Set(sources)];
}

/** cert-manager gives its Secrets the labels of the template (cert-manager, "Certificate resource", `secretTemplate`). */
function writes({ spec }: CertManagerCertificate, { name, selector }: FoundBundle['secrets'][number]): boolean {
  if (spec?.secretName === undefined) return false;
  return selector ? selects(selector, spec.secretTemplate?.labels ?? {}) : spec.secretName === name;
}

/** Of several namespaces with such Certificates, those of the usual trust namespace. */
function inTrustNamespace(certificates: CertManagerCertificate[]): CertManagerCertificate[] {
  const usual = certificates.filter(({ metadata }) => metadata?.namespace === TRUST_NAMESPACE);
  return usual.length > 0 ? usual : certificates;
}
