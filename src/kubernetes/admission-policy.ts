import type { V1ValidatingAdmissionPolicy, V1ValidatingAdmissionPolicyBinding } from '@kubernetes/client-node';
import type { Kubernetes } from './client.js';
import { ifThere, isKubernetesError } from './errors.js';

/** Of deploy/policy.yaml: a policy, and what makes it count, have one name. */
const POLICY = 'reroot';
/** The one that is about cert-manager's own objects. */
export const CERT_MANAGER_POLICY = 'reroot-cert-manager';

/** What is known of the policy that limits a user. `unread`: it may not be read. */
export interface AdmissionPolicy {
  policy: V1ValidatingAdmissionPolicy | 'unread' | undefined;
  binding: V1ValidatingAdmissionPolicyBinding | 'unread' | undefined;
  /** Who reads, as the API server calls it; empty: it does not say. */
  user: string;
}

/** @returns undefined when the user may do everything anyway: a person, whom no such policy is about */
export async function readAdmissionPolicy(k8s: Kubernetes, name = POLICY): Promise<AdmissionPolicy | undefined> {
  const { admission } = k8s;
  const user = await userName(k8s);
  if (!user.startsWith('system:serviceaccount:') && (await mayEverything(k8s))) return undefined;
  return {
    user,
    policy: await unlessForbidden(admission.readValidatingAdmissionPolicy({ name })),
    binding: await unlessForbidden(admission.readValidatingAdmissionPolicyBinding({ name })),
  };
}

/** Why it does not limit that user; undefined when it does. */
export function policyShortfall({ policy, binding, user }: AdmissionPolicy, called = POLICY): string | undefined {
  const name = `ValidatingAdmissionPolicy ${called}`;
  if (policy === 'unread' || binding === 'unread') return `${name} may not be read`;
  if (!policy) return `${name} is not there`;
  if (user && !isAbout(policy, user)) return `${name} is not about user ${user}`;
  const isBound = binding && denies(binding, called);
  return isBound ? undefined : `no ValidatingAdmissionPolicyBinding ${called} makes ${name} deny`;
}

/** A policy without conditions is about everybody. */
function isAbout({ spec }: V1ValidatingAdmissionPolicy, user: string): boolean {
  const conditions = spec?.matchConditions ?? [];
  return conditions.length === 0 || conditions.some(({ expression }) => expression.includes(`'${user}'`));
}

function denies({ spec }: V1ValidatingAdmissionPolicyBinding, called: string): boolean {
  return spec?.policyName === called && spec.validationActions.includes('Deny');
}

async function unlessForbidden<T>(request: Promise<T>): Promise<T | 'unread' | undefined> {
  try {
    return await ifThere(request);
  } catch (error) {
    if (isKubernetesError(error, 'Forbidden')) return 'unread';
    throw error;
  }
}

async function userName({ authentication }: Kubernetes): Promise<string> {
  const review = await unlessForbidden(authentication.createSelfSubjectReview({ body: {} }));
  return typeof review === 'object' ? (review.status?.userInfo?.username ?? '') : '';
}

async function mayEverything({ authorization }: Kubernetes): Promise<boolean> {
  const resourceAttributes = { verb: '*', group: '*', resource: '*' };
  const { status } = await authorization.createSelfSubjectAccessReview({ body: { spec: { resourceAttributes } } });
  return status?.allowed === true;
}
