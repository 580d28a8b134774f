import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Sandbox, startSandbox, startWorkerProcess, type WorkerProcess } from '../../sandbox/kit/index.js';
import { Client, Connection } from '@temporalio/client';
import type { RotationReport } from '../../src/rotation/report.js';
import { FAST } from './support.js';

let sandbox: Sandbox;
let worker: WorkerProcess;

beforeAll(async () => {
  sandbox = await startSandbox({ apps: 'small', identityReplicas: 3, kubeletLagMs: 500, probeRate: 100 });
  worker = startWorkerProcess(sandbox, { REROOT_REACH: 'port-forward' });
});

afterAll(async () => {
  await worker.stop();
  await sandbox.stop();
});

it('rotates a highly available install from outside its pod network, by port-forwards alone', async () => {
  const connection = await Connection.connect({ address: sandbox.temporal.address });
  await sandbox.mesh.setProbe({ reset: true });
  const report = (await new Client({ connection }).workflow.execute('rotateTrustRoot', {
    taskQueue: 'reroot',
    workflowId: 'ha',
    args: [FAST],
  })) as RotationReport;
  await connection.close();
  expect(report.proxiesProven).toBe(13);
  const { identity, proxies } = await sandbox.mesh.status();
  expect(identity.map(({ issuer }) => issuer[0])).toEqual(Array(3).fill(report.newIssuer?.fingerprint));
  expect(proxies.every(({ anchors }) => anchors.length === 1 && anchors[0] === report.newRoot.fingerprint)).toBe(true);
  const { refused, handshakes, lastRefusals } = await sandbox.mesh.probe();
  expect(lastRefusals).toEqual([]);
  expect(refused).toBe(0);
  expect(handshakes).toBeGreaterThan(500);
});
