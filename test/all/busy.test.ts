import type { WorkflowHandle } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { StrategyName } from '../../src/rotation/courses/index.js';
import { keepBusy } from './busy.js';
import { approve, expectNoRefusal, type OwnMesh, ownMesh } from '../integration/own-mesh.js';
import { reportOf, statusWhere } from '../integration/support.js';

describe('a busy mesh, in which a pod a second is born and dies and Jobs come and go', () => {
  let mesh: OwnMesh;
  let busy: ReturnType<typeof keepBusy>;
  beforeAll(async () => {
    mesh = await ownMesh();
    busy = keepBusy(mesh.k8s);
  });
  afterAll(async () => {
    await busy.stop();
    await mesh.stop();
  });

  const begin = async (strategy: StrategyName): Promise<WorkflowHandle> => {
    await mesh.sandbox.mesh.setProbe({ reset: true });
    const handle = await mesh.start({ strategy });
    const { waiting } = await statusWhere(handle, 'the question', (status) => status.waiting?.kind === 'approval');
    await approve(handle, waiting?.planHash);
    return handle;
  };
  const expectQuiet = async (handle: WorkflowHandle): Promise<void> => {
    expect((await handle.describe()).historyLength).toBeLessThan(1500);
    await expectNoRefusal(mesh);
  };

  it.each(['bridge', 'standard', 'patient'] as const)(
    'is preflighted, approved once and rotated: %s',
    async (strategy) => {
      const handle = await begin(strategy);
      const report = await reportOf(handle);
      expect(report).toMatchObject({ outcome: 'completed', waivers: [] });
      expect(report.approvals).toHaveLength(1);
      expect(await mesh.certificates()).toMatchObject({ bundle: [report.newRoot.fingerprint] });
      await expectQuiet(handle);
    },
  );

  it('is brought back by an abort', async () => {
    const before = await mesh.certificates();
    await mesh.sandbox.mesh.setProbe({ reset: true });
    const handle = await mesh.start({ strategy: 'bridge' });
    await statusWhere(handle, 'the question', (status) => status.waiting?.kind === 'approval');
    await handle.executeUpdate('abort', { args: [{ by: 'tester' }] });
    expect((await reportOf(handle)).outcome).toBe('aborted');
    const after = await mesh.certificates();
    expect([after.bundle, after.issuer]).toEqual([before.bundle, before.issuer]);
    await expectQuiet(handle);
  });
});
