import pMap from 'p-map';
import { plain } from '../../ground/plain.js';
import { present } from '../../ground/present.js';
import type { Kubernetes } from '../../kubernetes/client.js';
import { type CustomObject, type CustomResource, isServed, listIfAllowed } from '../../kubernetes/custom.js';
import { ifAllowed } from '../../kubernetes/errors.js';
import { listAll } from '../../kubernetes/list.js';
import { namesThatMayBeRead } from '../../kubernetes/permissions.js';
import { selectorText } from '../../kubernetes/selector.js';
import type { Linkerd } from '../detect.js';
import { lastForeignWriter } from '../layouts/fields.js';
import { ISSUER_SECRET } from '../names.js';
import type { CertManagerCertificate } from '../writers/certificate-renewal.js';
import { type FoundBundle, type Reference, readBundleOfRoots } from '../writers/trust-manager.js';
import { CERTIFICATES } from './certificate.js';
import {
  isSameSecret,
  keyOfRoot,
  type LabelledSecret,
  managed,
  namespaceOfCa,
  previousAmong,
  rootAmong,
  USUAL_PREVIOUS,
} from './find.js';
import type { CertManagerInstall, ManagedCertificate, SecretReference } from './install.js';

const CERT_MANAGER = 'cert-manager.io';
const ISSUERS: CustomResource = { group: 'cert-manager.io', version: 'v1', plural: 'issuers' };
const CLUSTER_ISSUERS: CustomResource = { group: 'cert-manager.io', version: 'v1', plural: 'clusterissuers' };

/**
 * What cert-manager and trust-manager have to do with a mesh. What may not be read counts as not there: preflight says which
 * rights are missing.
 */
export async function readInstall(k8s: Kubernetes, linkerd: Linkerd): Promise<CertManagerInstall> {
  const [listed = [], bundle] = await Promise.all([
    listIfAllowed<CertManagerCertificate>(k8s, CERTIFICATES),
    readBundleOfRoots(k8s),
  ]);
  const certificates = listed.map(managed).filter((certificate) => certificate !== undefined);
  const issuerSecret = { namespace: linkerd.namespace, name: ISSUER_SECRET };
  const issuer = certificates.find(({ secret }) => isSameSecret(secret, issuerSecret));
  const ca = issuer && (await caOf(k8s, issuer, certificates));
  const secrets = bundle ? bundle.secrets : [];
  const root = rootAmong(certificates, { ca, sources: secrets });
  const made = await madeOf(k8s, linkerd, { bundle: bundle || undefined, root });
  return present({ issuer, signer: issuer && signerOf(issuer), ca, root, ...made });
}

interface IssuerRef {
  group: string;
  kind: string;
  name: string;
}

/** What signs a Certificate, with cert-manager's defaults. */
function issuerRefOf({ resource: { spec } }: ManagedCertificate): IssuerRef {
  const { group = CERT_MANAGER, kind = 'Issuer', name = '' } = spec?.issuerRef ?? {};
  return { group, kind, name };
}

/** `ClusterIssuer linkerd-identity-issuer`. */
function signerOf(certificate: ManagedCertificate): string {
  const { group, kind, name } = issuerRefOf(certificate);
  return `${plain(kind)} ${plain(name)}${group === CERT_MANAGER ? '' : ` (${plain(group)})`}`;
}

/** @returns undefined where its Issuer is of another kind than `ca`, or may not be read */
async function caOf(
  k8s: Kubernetes,
  certificate: ManagedCertificate,
  certificates: readonly ManagedCertificate[],
): Promise<SecretReference | undefined> {
  const { group, kind, name } = issuerRefOf(certificate);
  if (group !== CERT_MANAGER) return undefined;
  const issuerNamespace = kind === 'ClusterIssuer' ? undefined : certificate.namespace;
  const issuer = await readIssuerResource(k8s, name, issuerNamespace);
  const { ca } = (issuer?.spec ?? {}) as { ca?: { secretName?: string } };
  if (ca?.secretName === undefined) return undefined;
  const secret = { name: ca.secretName, issuerNamespace };
  return { name: ca.secretName, namespace: namespaceOfCa(secret, certificates) };
}

/** @param namespace absent: a ClusterIssuer */
async function readIssuerResource(
  k8s: Kubernetes,
  name: string,
  namespace: string | undefined,
): Promise<CustomObject | undefined> {
  const resource = namespace === undefined ? CLUSTER_ISSUERS : ISSUERS;
  if (!(await isServed(k8s, resource))) return undefined;
  const read: Promise<unknown> =
    namespace === undefined
      ? k8s.custom.getClusterCustomObject({ ...resource, name })
      : k8s.custom.getNamespacedCustomObject({ ...resource, name, namespace });
  return (await ifAllowed(read)) as CustomObject | undefined;
}

/** Who makes the bundle, and of what. */
async function madeOf(
  k8s: Kubernetes,
  linkerd: Linkerd,
  { bundle, root }: { bundle: FoundBundle | undefined; root: ManagedCertificate | undefined },
): Promise<Pick<CertManagerInstall, 'bundle' | 'sources'>> {
  if (!root) return present({ bundle: bundle?.name });
  const { namespace } = root;
  // without trust-manager, whoever copies the guide's two Secrets into the bundle
  const sources = bundle?.secrets ?? [{ name: root.secret.name }, { name: USUAL_PREVIOUS }];
  const known = await knownSecrets(k8s, namespace, sources);
  const previous = previousAmong(sources, root.secret, known);
  if (!previous || !known.some(({ name }) => name === previous.name)) return present({ bundle: bundle?.name });
  return present({
    bundle: bundle?.name ?? (await copierOf(k8s, linkerd)),
    sources: { root: root.secret, previous: { namespace, name: previous.name }, key: keyOfRoot(sources, root) },
  });
}

/** Who has written the bundle last, where it is not reroot. */
async function copierOf(
  k8s: Kubernetes,
  { namespace, anchors: [authoritative] }: Linkerd,
): Promise<string | undefined> {
  const writer = authoritative && (await lastForeignWriter(k8s, namespace, authoritative));
  return writer?.replace(/ at .*$/, '');
}

/** The Secrets that sources can mean: those that are named, and those with the labels, as far as they may be read. */
async function knownSecrets(
  k8s: Kubernetes,
  namespace: string,
  sources: readonly Reference[],
): Promise<LabelledSecret[]> {
  const names = new Set([USUAL_PREVIOUS, ...sources.map(({ name }) => name).filter((name) => name !== undefined)]);
  const named = await Promise.all([...names].map(async (name) => await labelled(k8s, namespace, name)));
  const selected = await Promise.all(
    sources.map(async ({ selector }) => (selector ? await selectable(k8s, namespace, selectorText(selector)) : [])),
  );
  const all = [...named.filter((secret) => secret !== undefined), ...selected.flat()];
  return [...new Map(all.map((secret) => [secret.name, secret])).values()];
}

async function labelled(k8s: Kubernetes, namespace: string, name: string): Promise<LabelledSecret | undefined> {
  const secret = await ifAllowed(k8s.core.readNamespacedSecret({ name, namespace }));
  return secret && { name, labels: secret.metadata?.labels ?? {} };
}

/** Those with the labels; or, where they may not be listed, those that may be read by name: labels tell of which. */
async function selectable(k8s: Kubernetes, namespace: string, labelSelector: string): Promise<LabelledSecret[]> {
  const listed = listAll(
    async (page) => await k8s.core.listNamespacedSecret({ namespace, labelSelector, ...page }),
    ({ metadata }) => (metadata?.name ? { name: metadata.name, labels: metadata.labels ?? {} } : undefined),
  );
  const selected = await ifAllowed(listed);
  if (selected) return selected;
  const names = await namesThatMayBeRead(k8s, { namespace, resource: 'secrets' });
  const read = await pMap(names, async (name) => await labelled(k8s, namespace, name), { concurrency: 4 });
  return read.filter((secret) => secret !== undefined);
}
