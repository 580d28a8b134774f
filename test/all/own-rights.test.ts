import { Client, Connection } from '@temporalio/client';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Sandbox, startSandbox, startWorkerProcess, type WorkerProcess } from '../../sandbox/kit/index.js';
import { createKubernetes, type Kubernetes } from '../../src/kubernetes/client.js';
import type { RotationReport } from '../../src/rotation/report.js';
import { eventually, FAST } from '../integration/support.js';

let sandbox: Sandbox;
let k8s: Kubernetes;
let worker: WorkerProcess;

beforeAll(async () => {
  sandbox = await startSandbox({ apps: 'small', kubeletLagMs: 500, probeRate: 100 });
  k8s = createKubernetes({ kubeconfig: sandbox.adminKubeconfig });
});
afterAll(async () => {
  await worker.stop();
  await sandbox.stop();
});

const namespace = 'linkerd';

/** As a cluster is to which nothing of deploy was applied. */
async function removeObjects(): Promise<void> {
  await k8s.core.deleteNamespacedSecret({ name: 'reroot-rotation', namespace });
  await k8s.core.deleteNamespacedSecret({ name: 'reroot-trust-root', namespace });
  await k8s.core.deleteNamespacedConfigMap({ name: 'reroot-report', namespace });
  await k8s.coordination.deleteNamespacedLease({ name: 'reroot', namespace });
  await k8s.core.deleteNamespace({ name: 'reroot-rehearsal' });
  await eventually('the namespace to go', async () => {
    const { items } = await k8s.core.listNamespace();
    return !items.some(({ metadata }) => metadata?.name === 'reroot-rehearsal');
  });
}

async function rotate(workflowId: string): Promise<RotationReport> {
  const connection = await Connection.connect({ address: sandbox.temporal.address });
  const { workflow } = new Client({ connection });
  const report = await workflow.execute('rotateTrustRoot', { taskQueue: 'reroot', workflowId, args: [FAST] });
  await connection.close();
  return report as RotationReport;
}

it("with a person's rights it makes what is not there, and leaves it to be filled by whoever comes next", async () => {
  await removeObjects();
  worker = startWorkerProcess(sandbox, { KUBECONFIG: sandbox.adminKubeconfig });
  expect(await rotate('first')).toMatchObject({ outcome: 'completed', adopted: false });
  const { data, metadata } = await k8s.core.readNamespacedSecret({ name: 'reroot-rotation', namespace });
  expect([data, metadata?.annotations]).toEqual([undefined, undefined]);
  const lease = await k8s.coordination.readNamespacedLease({ name: 'reroot', namespace });
  expect(lease.spec?.holderIdentity).toBeUndefined();

  expect(await rotate('second')).toMatchObject({ outcome: 'completed', adopted: false });
  const { uid } = (await k8s.core.readNamespacedSecret({ name: 'reroot-rotation', namespace })).metadata ?? {};
  expect(uid, 'it is the same object').toBe(metadata?.uid);
});
