import type { Kubernetes } from '../../kubernetes/client.js';
import { type CustomResource, listCustom } from '../../kubernetes/custom.js';
import { isKubernetesError } from '../../kubernetes/errors.js';
import { ISSUER_SECRET, TRUST_ROOTS } from '../names.js';
import { type CertManagerCertificate, issuerRenewal, rootRenewal } from './certificate-renewal.js';

const CERTIFICATES: CustomResource = { group: 'cert-manager.io', version: 'v1', plural: 'certificates' };
const BUNDLES: CustomResource = { group: 'trust.cert-manager.io', version: 'v1alpha1', plural: 'bundles' };
/** Where trust-manager takes its sources from unless told otherwise (`--trust-namespace`). */
const TRUST_NAMESPACE = 'cert-manager';

interface Bundle {
  metadata?: { name?: string };
  spec?: { sources?: { secret?: { name?: string } }[] };
}

/** What cert-manager and trust-manager are going to write, in sentences; undefined where that may not be read. */
export interface AutomaticRenewals {
  /** One for each Certificate that writes the issuer Secret; none: cert-manager does not write it. */
  issuer: string[] | undefined;
  /** trust-manager has a Bundle that writes the trust roots. */
  hasBundle: boolean | undefined;
  /** One for each Certificate whose Secret is a source of that Bundle. */
  bundle: string[];
}

export async function readAutomaticRenewals(k8s: Kubernetes, namespace: string): Promise<AutomaticRenewals> {
  const [certificates, bundles] = await Promise.all([
    listIfAllowed<CertManagerCertificate>(k8s, CERTIFICATES),
    listIfAllowed<Bundle>(k8s, BUNDLES),
  ]);
  const bundle = bundles?.find(({ metadata }) => metadata?.name === TRUST_ROOTS);
  const secrets = new Set(bundle?.spec?.sources?.flatMap(({ secret }) => secret?.name ?? []));
  return {
    issuer: certificates
      ?.filter(({ metadata, spec }) => metadata?.namespace === namespace && spec?.secretName === ISSUER_SECRET)
      .map(issuerRenewal),
    hasBundle: bundles && bundle !== undefined,
    bundle: sourcesIn(certificates ?? [], secrets).map(rootRenewal),
  };
}

/** Certificates of the sources; of several namespaces with such names, those of the usual trust namespace. */
function sourcesIn(certificates: readonly CertManagerCertificate[], secrets: ReadonlySet<string>) {
  const named = certificates.filter(({ spec }) => spec?.secretName !== undefined && secrets.has(spec.secretName));
  const usual = named.filter(({ metadata }) => metadata?.namespace === TRUST_NAMESPACE);
  return usual.length > 0 ? usual : named;
}

/** Empty where the cluster has no such resource; undefined where it may not be read: the permission is optional. */
async function listIfAllowed<T>(k8s: Kubernetes, resource: CustomResource): Promise<T[] | undefined> {
  try {
    return await listCustom(k8s, resource, undefined, (item) => item as T);
  } catch (error) {
    if (isKubernetesError(error, 'Forbidden')) return undefined;
    throw error;
  }
}
