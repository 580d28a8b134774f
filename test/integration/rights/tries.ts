import { type Answer, type Attempt, client } from './client.js';
import { k8s, sandbox } from '../support.js';

const admin = client(sandbox.adminKubeconfig);
/** With the worker's token. */
export const worker = client(sandbox.kubeconfig);

const POLICY = "ValidatingAdmissionPolicy 'reroot'";

/**
 * Tries what must be refused. That it is not refused for a mistake of its own shows an admin's dry run of the same.
 * @param by whose refusal it has to be: the policy's, of what RBAC lets through, or RBAC's
 * @returns those that were not refused so, each with what happened; empty: all were
 */
export async function notRefused(
  attempts: readonly (Attempt & { valid?: false })[],
  by: 'policy' | 'rbac',
): Promise<string[]> {
  const wrong: string[] = [];
  for (const attempt of attempts) {
    const would = attempt.valid === false ? undefined : await admin(attempt, { dryRun: attempt.method !== 'GET' });
    if (would && would.status >= 300) wrong.push(`${attempt.what} is no attempt at all: ${said(would)}`);
    const answer = await worker(attempt);
    const isPolicy = answer.message.includes(POLICY);
    if (answer.status !== 403 || isPolicy !== (by === 'policy')) wrong.push(`${attempt.what}: ${said(answer)}`);
  }
  return wrong;
}

/** Tries what reroot does. @returns those that were refused, each with what happened */
export async function refused(attempts: readonly Attempt[], options: { dryRun?: boolean } = {}): Promise<string[]> {
  const wrong: string[] = [];
  for (const attempt of attempts) {
    const answer = await worker(attempt, options);
    if (answer.status >= 300) wrong.push(`${attempt.what}: ${said(answer)}`);
  }
  return wrong;
}

function said({ status, message }: Answer): string {
  return `${status} ${message}`;
}

export async function leaseVersion(): Promise<string> {
  const { metadata } = await k8s.coordination.readNamespacedLease({ name: 'reroot', namespace: 'linkerd' });
  return metadata?.resourceVersion ?? '';
}
