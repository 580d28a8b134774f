import { createKubernetes, type Kubernetes } from '../../src/kubernetes/client.js';
import { HAND_REQUESTS_PER_SECOND, type HandStep, type Sandbox } from '../kit/index.js';
import { type Account, secondsSince } from './measure.js';

/** Follows a script's steps, one after the other. */
export async function byHand(sandbox: Sandbox, order: (k8s: Kubernetes) => HandStep[]): Promise<Account> {
  const k8s = createKubernetes({
    kubeconfig: sandbox.adminKubeconfig,
    requestsPerSecond: HAND_REQUESTS_PER_SECOND,
  });
  const parts: Account['parts'] = [];
  const started = Date.now();
  for (const { name, run } of order(k8s)) {
    const [began, beganAt] = [Date.now(), secondsSince(started)];
    await run();
    parts.push({ name, beganAt, seconds: secondsSince(began) });
    process.stderr.write(`  ${name}: ${secondsSince(began)} s\n`);
  }
  return { parts, outcome: 'completed', seconds: secondsSince(started) };
}
