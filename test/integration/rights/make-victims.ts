import { eventually, k8s, sandbox } from '../support.js';
import { client } from './client.js';
import { collection, NAMESPACE, type Target, victim } from './victims.js';

/** Makes one workload of each kind. */
export async function createVictims(targets: readonly Target[]): Promise<void> {
  const admin = client(sandbox.adminKubeconfig);
  await k8s.core.createNamespace({ body: { metadata: { name: NAMESPACE } } });
  for (const target of targets) {
    const what = `a ${target.kind}`;
    const { status, message } = await admin({ what, method: 'POST', path: collection(target), body: victim(target) });
    if (status !== 201) throw new Error(`${what} could not be made: ${message}`);
  }
}

export async function removeVictims(): Promise<void> {
  await k8s.core.deleteNamespace({ name: NAMESPACE });
  await eventually('the namespace to go', async () => {
    const { items } = await k8s.core.listNamespace();
    return !items.some(({ metadata }) => metadata?.name === NAMESPACE);
  });
}
