import { describe, expect, it } from 'vitest';
import type { createActivities } from '../../../activities/index.js';
import { holderOf } from '../../../src/records/lease.js';
import type { RotationReport } from '../../../src/rotation/report.js';
import { carryOut, clusterWith, type FakeCluster, leaseOfHolder, newRotation, next, old, step } from './cluster.js';

type Activities = ReturnType<typeof createActivities>;

const report = { outcome: 'completed' } as RotationReport;
/** Every step that writes, and what it is given. */
const WRITES: [string, (activities: Activities) => (input: never) => Promise<unknown>, object][] = [
  ['generate', ({ generate }) => generate, step()],
  ['addTarget', ({ addTarget }) => addTarget, step()],
  ['dropRetired', ({ dropRetired }) => dropRetired, step()],
  ['writeIssuer', ({ writeIssuer }) => writeIssuer, { ...step(), state: 'previous' }],
  ['keepBridge', ({ keepBridge }) => keepBridge, step()],
  ['finish', ({ finish }) => finish, { ...step(), report }],
  ['putBack', ({ putBack }) => putBack, step()],
  ['discard', ({ discard }) => discard, step()],
];

function heldBy(runId: string): FakeCluster {
  const cluster = clusterWith({ bundle: [old.root.certificate, next.root.certificate], rotation: newRotation() });
  cluster.put('Lease/reroot', leaseOfHolder({ 'workflow-id': 'theirs', 'run-id': runId }));
  return cluster;
}

describe('a step that writes, of a rotation that another has taken over', () => {
  it.each(WRITES)('%s writes nothing and says who has', async (_name, activity, input) => {
    const cluster = heldBy('run-9');
    await expect(carryOut(cluster, activity, input as never)).rejects.toMatchObject({
      type: 'LeaseLost',
      nonRetryable: true,
      message: expect.stringContaining('workflow theirs (run run-9)') as string,
    });
    expect(cluster.writes).toEqual([]);
  });
});

describe('a step that writes', () => {
  const addTarget = async (cluster: FakeCluster, input = step()) =>
    await carryOut(cluster, (activities) => activities.addTarget, input);

  it('of the holder of the Lease does its work', async () => {
    await addTarget(heldBy('run-1'));
  });
  it('takes a Lease again that is gone: deleted by hand, or given back by a run that was reset afterwards', async () => {
    const cluster = heldBy('run-1');
    cluster.objects.delete('Lease/reroot');
    await addTarget(cluster);
    expect(holderOf(cluster.lease ?? {})).toMatchObject({ runId: 'run-1', temporalNamespaceId: 'ns-1' });
  });
  it('that does not say whose it is was scheduled by an earlier version', async () => {
    const { firstRunId: _, ...input } = step();
    await addTarget(heldBy('run-9'), input);
  });
});
