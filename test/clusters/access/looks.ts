import { expect } from 'vitest';
import type { Kubernetes } from '../../../src/kubernetes/client.js';
import { reroot } from '../../integration/support.js';

/** What `reroot preflight` says first of a mesh that it has seen. */
export async function seen(env: NodeJS.ProcessEnv, args: string[] = []): Promise<string> {
  const { code, stdout, stderr } = await reroot(['preflight', ...args], env);
  expect(code, stderr + stdout).toBe(0);
  const [first = ''] = stdout.split('\n');
  expect(first).toMatch(/^Linkerd .* API server https:/);
  return first;
}

/** What it says where it gets no further. */
export async function refused(env: NodeJS.ProcessEnv, args: string[] = []): Promise<string> {
  const { code, stdout, stderr } = await reroot(['preflight', ...args], env);
  expect(code, stdout).not.toBe(0);
  return stderr.trim();
}

/** Who the API server says that this is. */
export async function whoIs(client: Kubernetes): Promise<{ username?: string; groups?: string[] }> {
  const { status } = await client.authentication.createSelfSubjectReview({ body: {} });
  return status?.userInfo ?? {};
}
