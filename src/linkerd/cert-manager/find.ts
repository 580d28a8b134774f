import type { CertManagerCertificate } from '../writers/certificate-renewal.js';
import type { Reference } from '../writers/trust-manager.js';
import { selects } from '../../kubernetes/selector.js';
import type { ManagedCertificate, SecretReference } from './install.js';

/** Which of cert-manager's Certificates and trust-manager's sources are those of a mesh: pure. */

/** Where trust-manager takes its sources from unless told otherwise (`--trust-namespace`), and ClusterIssuers their Secrets. */
export const USUAL_NAMESPACE = 'cert-manager';
/** The Secret with the previous root, as Linkerd's guide names it ("Automatically Rotating Control Plane TLS Credentials"). */
export const USUAL_PREVIOUS = 'linkerd-previous-anchor';
/** The key of a source where none is named: what cert-manager writes certificates to. */
const USUAL_KEY = 'tls.crt';

export function managed(resource: CertManagerCertificate): ManagedCertificate | undefined {
  const { metadata: { namespace, name } = {}, spec: { secretName } = {} } = resource;
  if (namespace === undefined || name === undefined || secretName === undefined) return undefined;
  return { namespace, name, secret: { namespace, name: secretName }, resource };
}

export function isSameSecret(one: SecretReference | undefined, other: SecretReference | undefined): boolean {
  return one !== undefined && one.name === other?.name && one.namespace === other.namespace;
}

/**
 * Where the CA Secret of an Issuer is: in the Issuer's namespace; of a ClusterIssuer in cert-manager's cluster resource
 * namespace, which only the namespace of the Certificate that writes it tells.
 */
export function namespaceOfCa(
  { name, issuerNamespace }: { name: string; issuerNamespace: string | undefined },
  certificates: readonly ManagedCertificate[],
): string {
  if (issuerNamespace !== undefined) return issuerNamespace;
  const writers = certificates.filter((certificate) => certificate.secret.name === name);
  const usual = writers.find(({ namespace }) => namespace === USUAL_NAMESPACE) ?? writers[0];
  return usual?.namespace ?? USUAL_NAMESPACE;
}

/** The Certificate that writes a source of a bundle: by the Secret's name, or by the labels that cert-manager gives it. */
export function writes({ resource: { spec } }: ManagedCertificate, { name, selector }: Reference): boolean {
  if (spec?.secretName === undefined) return false;
  return selector ? selects(selector, spec.secretTemplate?.labels ?? {}) : spec.secretName === name;
}

/** The Certificate of the root: what the issuer is signed with, or else what feeds the bundle. */
export function rootAmong(
  certificates: readonly ManagedCertificate[],
  { ca, sources }: { ca: SecretReference | undefined; sources: readonly Reference[] },
): ManagedCertificate | undefined {
  if (ca) return certificates.find(({ secret }) => isSameSecret(secret, ca));
  const feeding = certificates.filter((certificate) => sources.some((source) => writes(certificate, source)));
  return feeding.find(({ namespace }) => namespace === USUAL_NAMESPACE) ?? feeding[0];
}

/** A Secret of the trust namespace, and the labels that selectors go by. */
export interface LabelledSecret {
  name: string;
  labels: Readonly<Record<string, string>>;
}

/**
 * The source that holds the previous root: the one beside the root's own, if there is exactly one, or the one that the guide
 * names.
 */
export function previousAmong(
  sources: readonly Reference[],
  root: SecretReference,
  known: readonly LabelledSecret[],
): { name: string; key: string } | undefined {
  const named = sources.flatMap((source) => secretsOf(source, known).map((name) => [name, source.key] as const));
  const others = new Map(named.filter(([name]) => name !== root.name));
  const [first, ...more] = others.keys();
  const name = others.has(USUAL_PREVIOUS) || more.length > 0 ? USUAL_PREVIOUS : first;
  if (name === undefined || !others.has(name)) return undefined;
  return { name, key: others.get(name) ?? USUAL_KEY };
}

function secretsOf({ name, selector }: Reference, known: readonly LabelledSecret[]): string[] {
  if (name !== undefined) return [name];
  return selector ? known.filter(({ labels }) => selects(selector, labels)).map((secret) => secret.name) : [];
}

/** The key of the root's Secret that the bundle is made of. */
export function keyOfRoot(sources: readonly Reference[], root: ManagedCertificate): string {
  return sources.find((source) => writes(root, source))?.key ?? USUAL_KEY;
}
