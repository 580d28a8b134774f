import type { V1Deployment } from '@kubernetes/client-node';
import type { Kubernetes } from '../kubernetes/client.js';
import { isKubernetesError } from '../kubernetes/errors.js';
import type { Layout } from './layout.js';
import { layoutD } from './layout-d.js';
import {
  COMPONENT_LABEL,
  CREATED_BY_ANNOTATION,
  IDENTITY_DEPLOYMENT,
  IS_CONTROL_PLANE_LABEL,
  LINKERD_CONFIG,
  VERSION_LABEL,
} from './names.js';
import { readYamlField } from './yaml-field.js';

export const LAYOUTS: readonly Layout[] = [layoutD];

export type IssuerScheme = 'linkerd.io/tls' | 'kubernetes.io/tls';

/** The Linkerd found in a cluster. */
export interface Linkerd {
  namespace: string;
  /** As the identity Deployment's label says, for example `edge-26.6.3`. */
  version: string;
  layout: Layout;
  scheme: IssuerScheme;
  trustDomain: string;
  installedBy: 'cli' | 'helm' | 'unknown';
  identityReplicas: number;
}

/** Linkerd was not found, or is of a kind that reroot does not know: a person has to look. */
export class DetectionError extends Error {
  override readonly name = 'DetectionError';
  constructor(
    readonly reason: string,
    message: string,
    readonly hint: string,
  ) {
    super(message);
  }
}

/** Finds Linkerd and its layout; the identity Deployment is the judge of what the process reads.
 *  @throws DetectionError */
export async function detectLinkerd(k8s: Kubernetes, wanted?: string): Promise<Linkerd> {
  const namespace = wanted ?? (await findNamespace(k8s));
  const identity = await readIdentity(k8s, namespace);
  const layout = LAYOUTS.find((candidate) => candidate.describes(identity));
  const version = identity.metadata?.labels?.[VERSION_LABEL] ?? 'unknown';
  if (!layout) {
    throw new DetectionError(
      'UnknownLayout',
      `the identity Deployment of Linkerd ${version} in ${namespace} reads its trust anchors from nowhere that reroot knows`,
      `known: ${LAYOUTS.map(({ id, versions }) => `${id} (Linkerd ${versions})`).join(', ')}`,
    );
  }
  return {
    namespace,
    version,
    layout,
    scheme: argument(identity, 'identity-scheme') === 'kubernetes.io/tls' ? 'kubernetes.io/tls' : 'linkerd.io/tls',
    trustDomain:
      argument(identity, 'identity-trust-domain') ??
      (await configured(k8s, namespace, 'identityTrustDomain')) ??
      'cluster.local',
    installedBy: installer(identity),
    identityReplicas: identity.spec?.replicas ?? 1,
  };
}

async function findNamespace(k8s: Kubernetes): Promise<string> {
  const labelled = await k8s.core.listNamespace({ labelSelector: `${IS_CONTROL_PLANE_LABEL}=true` });
  const byLabel = labelled.items.map((namespace) => namespace.metadata?.name ?? '');
  const found = byLabel.length > 0 ? byLabel : await namespacesWithIdentity(k8s);
  const [only, ...others] = found;
  if (only === undefined) {
    throw new DetectionError(
      'LinkerdNotFound',
      'no Linkerd control plane was found in this cluster',
      'give `linkerdNamespace` if it is in a namespace without the usual labels',
    );
  }
  if (others.length > 0) {
    throw new DetectionError(
      'SeveralControlPlanes',
      `several namespaces look like a Linkerd control plane: ${found.join(', ')}`,
      'say which with `linkerdNamespace`',
    );
  }
  return only;
}

async function namespacesWithIdentity(k8s: Kubernetes): Promise<string[]> {
  const deployments = await k8s.apps.listDeploymentForAllNamespaces({ labelSelector: `${COMPONENT_LABEL}=identity` });
  return [...new Set(deployments.items.map((deployment) => deployment.metadata?.namespace ?? ''))];
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

function argument(deployment: V1Deployment, name: string): string | undefined {
  const container = deployment.spec?.template.spec?.containers.find((candidate) => candidate.name === 'identity');
  const prefix = `-${name}=`;
  return container?.args?.find((text) => text.startsWith(prefix))?.slice(prefix.length);
}

async function configured(k8s: Kubernetes, namespace: string, field: string): Promise<string | undefined> {
  const config = await k8s.core.readNamespacedConfigMap({ name: LINKERD_CONFIG, namespace }).catch((error: unknown) => {
    if (isKubernetesError(error, 'NotFound')) return undefined;
    throw error;
  });
  const values = config?.data?.['values'];
  return values ? readYamlField(values, [field]) : undefined;
}

function installer(identity: V1Deployment): Linkerd['installedBy'] {
  const by = identity.metadata?.annotations?.[CREATED_BY_ANNOTATION] ?? '';
  if (by.startsWith('linkerd/cli')) return 'cli';
  return by.startsWith('linkerd/helm') ? 'helm' : 'unknown';
}
