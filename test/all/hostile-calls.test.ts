import path from 'node:path';
import { DefaultLogger, NativeConnection, Runtime, Worker } from '@temporalio/worker';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { readBundle } from '../../src/pki/bundle.js';
import { stepQueue } from '../../src/temporal/names.js';
import { expectNoRefusal, type OwnMesh, ownMesh } from '../integration/own-mesh.js';
import { eventually, failureOf, reportOf, statusWhere } from '../integration/support.js';

/**
 * Somebody who reaches the Temporal namespace, and has no right in the cluster: a worker of theirs answers steps, or they
 * start a rotation that asks nobody. Leaves last an hour, so no gate of a bridge can be true while this runs.
 */
let mesh: OwnMesh;
beforeAll(async () => void (mesh = await ownMesh({ issuanceLifetime: '1h0m0s', probeRate: 200 })));
afterEach(async () => await mesh.endRotations());
afterAll(async () => await mesh.stop());

/** Steps that only look: a rogue worker says of each that all is well. Writes it leaves to the worker that can. */
const PASSED = { passed: true, proxies: 11, proven: 11, waived: 0, namespaces: [], reverted: [], findings: [] };
const MET = { ended: 'met', proxies: 11, proven: 11, late: [], reverted: [], lateByReason: {} };
const LIES = {
  checkGate: async () => await Promise.resolve(PASSED),
  awaitProxies: async () => await Promise.resolve(MET),
};

/** It moves workflows, too: with the program of this repository, which anybody can build. */
async function rogueWorker(): Promise<{ stop(): Promise<void> }> {
  Runtime.install({ logger: new DefaultLogger('ERROR', () => undefined) }); // it cannot do what it lies about
  const connection = await NativeConnection.connect({ address: mesh.sandbox.temporal.address });
  const workflowsPath = path.resolve(import.meta.dirname, '../../workflows/index.ts');
  const workers = [
    await Worker.create({ connection, taskQueue: 'reroot', workflowsPath }),
    await Worker.create({ connection, taskQueue: stepQueue('reroot', 'default'), activities: LIES }),
  ];
  const ended = Promise.all(workers.map(async (worker) => await worker.run()));
  return {
    stop: async () => {
      for (const worker of workers) worker.shutdown();
      await ended;
      await connection.close();
    },
  };
}

it('a worker that passes every gate does not get the old root out of the bundle, nor the bridge first', async () => {
  const handle = await mesh.start({ strategy: 'bridge', approvals: 'none' });
  await statusWhere(handle, 'the wait for leaves', ({ phase, waiting }) => phase === 'renew' && waiting !== undefined);
  await mesh.worker().stop();
  const rogue = await rogueWorker();
  const pending = async () => (await handle.describe()).raw.pendingActivities ?? [];
  try {
    await eventually('the write that rests on its lies', async () =>
      (await pending()).some(({ activityType }) => activityType?.name === 'writeIssuer'),
    );
  } finally {
    await rogue.stop();
  }
  await mesh.changeWorker(); // the one that can write
  const refusal = await eventually('a refusal of the write', async () =>
    (await pending())
      .map(({ lastFailure }) => lastFailure?.message ?? '')
      .find((text) => text.includes('proxies do not show now')),
  );
  expect(refusal).toContain('OneChainOnly');
  const { bundle, issuer } = await mesh.certificates();
  expect(bundle).toHaveLength(2);
  const [first = '', ...others] = readBundle(issuer['crt.pem'] ?? '').certificates.map(
    ({ fingerprint }) => fingerprint,
  );
  expect(others).toHaveLength(1); // the issuer of the start, and its bridge behind it
  const rotation = await mesh.secret('reroot-rotation');
  expect(first).toBe(readBundle(rotation['previous.tls.crt'] ?? '').certificates[0]?.fingerprint);
  await expectNoRefusal(mesh);
});

it('a worker can want approvals that the API server decides about: nobody passes the point of no return without one', async () => {
  await mesh.changeWorker(undefined, { REROOT_APPROVALS: 'inCluster' });
  const silent = await mesh.start({ strategy: 'standard', approvals: 'none' });
  expect(await failureOf(silent)).toMatchObject({
    type: 'PreflightFailed',
    message: expect.stringContaining('ApprovalsElsewhere') as string,
  });
  const handle = await mesh.start({ strategy: 'standard', approvals: 'inCluster' });
  const { waiting } = await statusWhere(handle, 'the approval', (status) => status.waiting?.kind === 'approval');
  const planHash = waiting?.planHash ?? '';
  await expect(handle.executeUpdate('approve', { args: [{ planHash, by: 'somebody' }] })).rejects.toThrow(
    'Update failed',
  );
  await annotate(planHash);
  const report = await reportOf(handle);
  expect(report).toMatchObject({ outcome: 'completed', approvals: [{ planHash, inCluster: { manager: 'a person' } }] });
  await expectNoRefusal(mesh);
});

/** As `kubectl annotate` does; the object was made beforehand, or is made now. */
async function annotate(hash: string): Promise<void> {
  const named = { name: 'reroot-approval', namespace: 'linkerd' };
  const { core } = mesh.k8s;
  await core
    .createNamespacedConfigMap({ namespace: 'linkerd', body: { metadata: { name: named.name } } })
    .catch(() => undefined);
  const body = [{ op: 'add', path: '/metadata/annotations', value: { 'reroot.dev/approved': hash } }];
  await core.patchNamespacedConfigMap({ ...named, body, fieldManager: 'a person' });
}
