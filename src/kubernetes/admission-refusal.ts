import { isKubernetesError, type KubernetesError } from './errors.js';

/** Who kept a pod from being created: RBAC, or something that judges pods (policy, quota, pod security, webhook). */
export type PodRefusal =
  | { by: 'rbac' | 'admission' }
  /** A webhook; `how`: it said no, it could not be asked, it cannot take part in a dry run. */
  | { by: 'webhook'; webhook: string; how: 'denied' | 'failed' | 'no dry runs' };

/**
 * The API server's own sentences (kubernetes staging/src/k8s.io/apiserver/pkg/admission/plugin/webhook/errors/statuserror.go,
 * errors.go), at the start of a message: a policy may quote anything further on.
 */
const OF_WEBHOOK: readonly [RegExp, 'denied' | 'failed' | 'no dry runs'][] = [
  [/^admission webhook "([^"]{1,253})" denied the request/, 'denied'],
  [/^(?:Internal error occurred: )?failed calling webhook "([^"]{1,253})"/, 'failed'],
  [/^admission webhook "([^"]{1,253})" does not support dry run/, 'no dry runs'],
];

const OF_RBAC = /^pods is forbidden: User "[^"]*" cannot create resource "pods"/;

/** @returns undefined where nobody refused: the API server is away or busy, or does not know who asks */
export function podRefusal(error: KubernetesError): PodRefusal | undefined {
  const said = error.message.slice(error.message.indexOf(': ') + 2);
  for (const [sentence, how] of OF_WEBHOOK) {
    const webhook = sentence.exec(said)?.[1];
    if (webhook !== undefined) return { by: 'webhook', webhook, how };
  }
  if (error.transient || isKubernetesError(error, 'Unauthorized')) return undefined;
  return { by: OF_RBAC.test(said) ? 'rbac' : 'admission' };
}
