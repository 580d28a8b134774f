import type { V1LabelSelector } from '@kubernetes/client-node';
import { plain } from '../../ground/plain.js';
import type { Kubernetes } from '../../kubernetes/client.js';
import { type CustomResource, listIfAllowed } from '../../kubernetes/custom.js';
import { selectorText } from '../../kubernetes/selector.js';
import { TRUST_ROOTS } from '../names.js';

export const BUNDLES: CustomResource = { group: 'trust.cert-manager.io', version: 'v1alpha1', plural: 'bundles' };
/** What Bundles are becoming (trust-manager pkg/apis/trustmanager/v1alpha2/types_cluster_bundle.go). */
export const CLUSTER_BUNDLES: CustomResource = {
  group: 'trust-manager.io',
  version: 'v1alpha2',
  plural: 'clusterbundles',
};

/** Both kinds are named as the object that they write. */
interface Bundle {
  metadata?: { name?: string };
  spec?: { sources?: { secret?: Reference }[]; sourceRefs?: (Reference & { kind?: string })[] };
}

/** A source Secret, by its name or by its labels; without a key, all of its keys. */
export interface Reference {
  name?: string;
  key?: string;
  selector?: V1LabelSelector;
}

/** Who writes the trust roots by trust-manager. */
export interface FoundBundle {
  /** As people name it: `Bundle linkerd-identity-trust-roots`. */
  name: string;
  secrets: Reference[];
}

/** @returns undefined where it may not be known */
export async function readBundleOfRoots(k8s: Kubernetes): Promise<FoundBundle | false | undefined> {
  const [bundles, clusterBundles] = await Promise.all([
    listIfAllowed<Bundle>(k8s, BUNDLES),
    listIfAllowed<Bundle>(k8s, CLUSTER_BUNDLES),
  ]);
  const found = ofRoots('Bundle', bundles) ?? ofRoots('ClusterBundle', clusterBundles);
  if (found) return found;
  return bundles && clusterBundles ? false : undefined;
}

function ofRoots(kind: string, bundles: readonly Bundle[] = []): FoundBundle | undefined {
  const bundle = bundles.find(({ metadata }) => metadata?.name === TRUST_ROOTS);
  if (!bundle) return undefined;
  const { sources = [], sourceRefs = [] } = bundle.spec ?? {};
  const secrets = [...sources.map(({ secret }) => secret), ...sourceRefs.filter((source) => source.kind === 'Secret')];
  return { name: `${kind} ${TRUST_ROOTS}`, secrets: secrets.filter((secret) => secret !== undefined) };
}

/** A source that is not followed to who writes it, for people. */
export function selectedSource({ selector = {} }: Reference): string {
  return `it takes Secrets with labels ${plain(selectorText(selector))}, whoever writes them`;
}
