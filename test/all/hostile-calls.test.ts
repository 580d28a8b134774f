import { NativeConnection, Worker } from '@temporalio/worker';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
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
const LIES = {
  checkGate: async () => await Promise.resolve(PASSED),
  awaitProxies: async () =>
    await Promise.resolve({ ended: 'met', proxies: 11, proven: 11, late: [], reverted: [], lateByReason: {} }),
  awaitInjection: async () => await Promise.resolve([]),
  awaitIssuer: async () => await Promise.resolve({ outcome: 'updated', message: 'trust me' }),
};

async function rogueWorker(): Promise<{ answered(): number; stop(): Promise<void> }> {
  const connection = await NativeConnection.connect({ address: mesh.sandbox.temporal.address });
  let answers = 0;
  const lies = Object.entries(LIES).map(([name, lie]) => {
    const counted = async () => {
      answers += 1;
      return await lie();
    };
    return [name, counted] as const;
  });
  const worker = await Worker.create({
    connection,
    taskQueue: stepQueue('reroot', 'default'),
    activities: Object.fromEntries(lies),
  });
  const ended = worker.run();
  return {
    answered: () => answers,
    stop: async () => {
      worker.shutdown();
      await ended;
      await connection.close();
    },
  };
}

it('a worker that passes every gate does not get the old root out of the bundle, nor the bridge first', async () => {
  const rogue = await rogueWorker();
  try {
    const handle = await mesh.start({ strategy: 'bridge', approvals: 'none' });
    const refusals: string[] = [];
    await eventually(
      'a refusal of the write',
      async () => {
        const { raw } = await handle.describe();
        for (const { lastFailure } of raw.pendingActivities ?? []) refusals.push(lastFailure?.message ?? '');
        return refusals.some((message) => message.includes('whatever was proven earlier'));
      },
      120_000,
    );
    expect(rogue.answered()).toBeGreaterThan(0);
    expect(refusals.join('\n')).toContain('OneChainOnly');
    const { bundle, issuer } = await mesh.certificates();
    expect(bundle).toHaveLength(2);
    expect(issuer['crt.pem']?.split('BEGIN CERTIFICATE')).toHaveLength(3); // the issuer of the start, and its bridge
    await expectNoRefusal(mesh);
  } finally {
    await rogue.stop();
  }
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
