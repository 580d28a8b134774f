import type { V1Deployment } from '@kubernetes/client-node';
import type { Kubernetes } from '../kubernetes/client.js';
import { ifThere, isKubernetesError } from '../kubernetes/errors.js';
import { parseDuration } from '../ground/duration.js';
import { StateError } from '../ground/state-error.js';
import { readField } from './layouts/fields.js';
import { identityContainer, type Layout, type Location } from './layouts/layout.js';
import { LAYOUTS } from './layouts/index.js';
import {
  COMPONENT_LABEL,
  CONTROL_PLANE_NS_LABEL,
  CREATED_BY_ANNOTATION,
  IDENTITY_DEPLOYMENT,
  INJECTOR_WEBHOOK,
  IS_CONTROL_PLANE_LABEL,
  ISSUER_SECRET,
  LINKERD_CONFIG,
  TRUST_ROOTS,
  VERSION_LABEL,
} from './names.js';
import { rulesOf, type VersionRules } from './versions.js';

export type IssuerScheme = 'linkerd.io/tls' | 'kubernetes.io/tls';

/** The Linkerd found in a cluster. */
export interface Linkerd {
  namespace: string;
  /** As the identity Deployment's label says, for example `edge-26.6.3`. */
  version: string;
  rules: VersionRules;
  layout: Layout;
  /** Every copy of the anchors in an object; the first is the one the running control plane reads. */
  anchors: readonly Location[];
  scheme: IssuerScheme;
  trustDomain: string;
  /** Milliseconds that a leaf lasts: its issuanceLifetime (default 24h), and the clock skew that identity allows. */
  leafLifeMs: number;
  installedBy: 'cli' | 'helm' | 'unknown';
  identityReplicas: number;
}

/** Linkerd was not found, or is of a kind that reroot does not know: a person has to look. */
export class DetectionError extends StateError {
  override readonly name = 'DetectionError';
}

const DEFAULT_LEAF_LIFE_MS = 24 * 3_600_000;
/** clockSkewAllowance of the charts. */
const CLOCK_SKEW_MS = 20_000;

/** With scheme kubernetes.io/tls the CLI takes the anchors from here (`linkerd check`), so it is kept in step. */
export const ISSUER_CA: Location = { kind: 'Secret', name: ISSUER_SECRET, key: 'ca.crt', optional: true };

/**
 * Finds Linkerd and its layout; the identity Deployment is the judge of what the process reads.
 * @throws DetectionError
 */
export async function detectLinkerd(k8s: Kubernetes, wanted?: string): Promise<Linkerd> {
  const namespace = wanted ?? (await findNamespace(k8s));
  const identity = await readIdentity(k8s, namespace);
  const version = versionOf(identity);
  const layout = layoutReadBy(identity, namespace);
  await refuseMismatch(k8s, namespace, layout, version);
  const setting = async (argument: string, location: Location) =>
    argumentOf(identity, argument) || (await readField(k8s, namespace, location)) || undefined;
  const scheme = issuerScheme(await setting('identity-scheme', layout.settings.scheme));
  const trustDomain = await setting('identity-trust-domain', layout.settings.trustDomain);
  const lifetime = await setting('identity-issuance-lifetime', layout.settings.issuanceLifetime);
  return {
    namespace,
    version,
    rules: rulesOf(version),
    layout,
    anchors: scheme === 'kubernetes.io/tls' ? [...layout.anchors, ISSUER_CA] : layout.anchors,
    scheme,
    trustDomain: trustDomain ?? 'cluster.local',
    leafLifeMs: CLOCK_SKEW_MS + (parseDuration(lifetime ?? '') ?? DEFAULT_LEAF_LIFE_MS),
    installedBy: installer(identity),
    identityReplicas: identity.spec?.replicas ?? 1,
  };
}

function versionOf(identity: V1Deployment): string {
  return identity.metadata?.labels?.[VERSION_LABEL] ?? 'unknown';
}

function layoutReadBy(identity: V1Deployment, namespace: string): Layout {
  const layout = LAYOUTS.find((candidate) => candidate.describes(identity));
  if (layout) return layout;
  throw new DetectionError(
    'UnknownLayout',
    `the identity Deployment of Linkerd ${versionOf(identity)} in ${namespace} reads its trust anchors from a place that reroot does not know`,
    `known: ${LAYOUTS.map(({ id, versions }) => `${id} (Linkerd ${versions})`).join(', ')}`,
  );
}

function issuerScheme(scheme = 'linkerd.io/tls'): IssuerScheme {
  if (scheme === 'linkerd.io/tls' || scheme === 'kubernetes.io/tls') return scheme;
  // of a text that is indented wrongly anything may have become the scheme
  const what = /^[-a-z0-9./]{1,40}$/.test(scheme) ? scheme : `a text of ${scheme.length} characters`;
  throw new DetectionError('UnknownScheme', `the issuer scheme is ${what}`, 'linkerd.io/tls or kubernetes.io/tls');
}

/**
 * A cluster has one Linkerd, and its injector's webhook says where: it belongs to no namespace, so no tenant can write it
 * (docs/development/linkerd.md, "How the layout is recognised"). Namespaces and Deployments with Linkerd's labels
 * anybody can have: they are looked for only where there is no webhook, and of several a person has to choose.
 */
async function findNamespace(k8s: Kubernetes): Promise<string> {
  const named = await namespaceOfInjector(k8s);
  if (named !== undefined) return named;
  const installed = await namespacesWithIdentity(k8s);
  const found = installed.length > 0 ? installed : await namespacesByLabel(k8s);
  const [only, ...others] = found;
  if (only === undefined) {
    throw new DetectionError(
      'LinkerdNotFound',
      'no Linkerd control plane was found in this cluster',
      'set `linkerdNamespace` if its namespace lacks the usual labels',
    );
  }
  if (others.length > 0) {
    throw new DetectionError(
      'SeveralControlPlanes',
      `several namespaces look like a Linkerd control plane: ${found.join(', ')}`,
      `choose one with \`linkerdNamespace\`, or repair MutatingWebhookConfiguration ${INJECTOR_WEBHOOK}, which names the right one`,
    );
  }
  return only;
}

/** Where the webhook sends new pods, or, where that is a URL, what its label says; undefined: there is none, or nobody may know. */
async function namespaceOfInjector(k8s: Kubernetes): Promise<string | undefined> {
  try {
    const fieldSelector = `metadata.name=${INJECTOR_WEBHOOK}`;
    const { items } = await k8s.admission.listMutatingWebhookConfiguration({ fieldSelector });
    const [{ metadata, webhooks = [] } = {}] = items;
    const service = webhooks.find(({ clientConfig }) => clientConfig.service)?.clientConfig.service;
    return service?.namespace ?? metadata?.labels?.[CONTROL_PLANE_NS_LABEL];
  } catch (error) {
    if (isKubernetesError(error, 'Forbidden')) return undefined; // preflight lists this permission among those that are missing
    throw error;
  }
}

async function namespacesByLabel(k8s: Kubernetes): Promise<string[]> {
  const { items } = await k8s.core.listNamespace({ labelSelector: `${IS_CONTROL_PLANE_LABEL}=true` });
  return items.map(({ metadata }) => metadata?.name ?? '');
}

async function namespacesWithIdentity(k8s: Kubernetes): Promise<string[]> {
  const { items } = await k8s.apps.listDeploymentForAllNamespaces({ labelSelector: `${COMPONENT_LABEL}=identity` });
  const identities = items.filter(({ metadata }) => metadata?.name === IDENTITY_DEPLOYMENT);
  return [...new Set(identities.map(({ metadata }) => metadata?.namespace ?? ''))];
}

async function readIdentity(k8s: Kubernetes, namespace: string): Promise<V1Deployment> {
  try {
    return await k8s.apps.readNamespacedDeployment({ name: IDENTITY_DEPLOYMENT, namespace });
  } catch (error) {
    if (!isKubernetesError(error, 'NotFound')) throw error;
    throw new DetectionError(
      'IdentityNotFound',
      `there is no Deployment ${IDENTITY_DEPLOYMENT} in namespace ${namespace}`,
      'check `linkerdNamespace`',
    );
  }
}

function argumentOf(identity: V1Deployment, name: string): string | undefined {
  const prefix = `-${name}=`;
  return identityContainer(identity)
    ?.args?.find((text) => text.startsWith(prefix))
    ?.slice(prefix.length);
}

/** What is stored and what the identity process reads must be of one kind: else an upgrade is half done. */
async function refuseMismatch(k8s: Kubernetes, namespace: string, layout: Layout, version: string): Promise<void> {
  const [trustRoots, config] = await Promise.all([
    configMap(k8s, namespace, TRUST_ROOTS),
    configMap(k8s, namespace, LINKERD_CONFIG),
  ]);
  const stored = LAYOUTS.find((candidate) => candidate.storedAs({ trustRoots, config }));
  if (stored === layout) return;
  throw new DetectionError(
    'LayoutMismatch',
    `the identity process of Linkerd ${version} reads its trust anchors from ${layout.identityReads} (as in ${layout.versions}), ` +
      `but the objects in ${namespace} are ${stored ? `those of Linkerd ${stored.versions} (${stored.identityReads})` : 'of no known version'}`,
    'finish the upgrade or the repair of the control plane first',
  );
}

async function configMap(
  k8s: Kubernetes,
  namespace: string,
  name: string,
): Promise<Record<string, string> | undefined> {
  const found = await ifThere(k8s.core.readNamespacedConfigMap({ name, namespace }));
  return found && (found.data ?? {});
}

function installer(identity: V1Deployment): Linkerd['installedBy'] {
  const by = identity.metadata?.annotations?.[CREATED_BY_ANNOTATION] ?? '';
  if (by.startsWith('linkerd/cli')) return 'cli';
  return by.startsWith('linkerd/helm') ? 'helm' : 'unknown';
}
