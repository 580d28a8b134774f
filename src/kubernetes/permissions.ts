import pMap from 'p-map';
import { present } from '../ground/present.js';
import type { Kubernetes } from './client.js';

/** One thing the service must be allowed to do. */
export interface Permission {
  verb: string;
  group: string;
  resource: string;
  subresource?: string;
  /** Absent: in every namespace. */
  namespace?: string;
  name?: string;
  /** The phases that need it, for people. */
  neededFor: string;
  /** The file of this repository that grants it, or makes it unnecessary. */
  file: string;
}

/**
 * Asks the API server about each permission beforehand, so that none is found missing halfway.
 * @returns those that are missing
 */
export async function missingPermissions(k8s: Kubernetes, needed: readonly Permission[]): Promise<Permission[]> {
  const answers = await pMap(needed, async (permission) => await isAllowed(k8s, permission), { concurrency: 8 });
  return needed.filter((_, index) => !answers[index]);
}

async function isAllowed(k8s: Kubernetes, permission: Permission): Promise<boolean> {
  const { verb, group, resource, subresource, namespace, name } = permission;
  const review = await k8s.authorization.createSelfSubjectAccessReview({
    body: {
      spec: {
        resourceAttributes: { verb, group, resource, ...present({ subresource, namespace, name }) },
      },
    },
  });
  return review.status?.allowed === true;
}

/**
 * What of the core group may be read by name alone, as a Role grants it (`resourceNames`), for whom a list is refused.
 * @see https://kubernetes.io/docs/reference/kubernetes-api/authorization-resources/self-subject-rules-review-v1/
 */
export async function namesThatMayBeRead(
  k8s: Kubernetes,
  { namespace, resource }: { namespace: string; resource: string },
): Promise<string[]> {
  const { status } = await k8s.authorization.createSelfSubjectRulesReview({ body: { spec: { namespace } } });
  const rules = (status?.resourceRules ?? []).filter(
    ({ verbs, apiGroups = [], resources = [] }) =>
      verbs.includes('get') && apiGroups.includes('') && resources.includes(resource),
  );
  return [...new Set(rules.flatMap(({ resourceNames = [] }) => resourceNames))];
}

export function formatPermission({ verb, group, resource, subresource, namespace, name }: Permission): string {
  const what = `${resource}${subresource ? `/${subresource}` : ''}${group ? `.${group}` : ''}`;
  return `${verb} ${what}${name ? ` "${name}"` : ''} ${namespace ? `in namespace ${namespace}` : 'in all namespaces'}`;
}
