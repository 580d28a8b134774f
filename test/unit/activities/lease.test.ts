import { describe, expect, it } from 'vitest';
import { holderOf } from '../../../src/records/lease.js';
import { carryOut, clusterWith, type Executions, type FakeCluster, leaseOfHolder, temporalClient } from './cluster.js';

const ADDRESS = 'localhost:7233';
const OTHER = {
  'workflow-id': 'theirs',
  'run-id': 'run-9',
  'temporal-namespace': 'default',
  'temporal-namespace-id': 'ns-1',
  'temporal-address': ADDRESS,
};

function held(change: Record<string, string> = {}): FakeCluster {
  const cluster = clusterWith();
  cluster.put('Lease/reroot', leaseOfHolder({ ...OTHER, ...change }));
  return cluster;
}

async function acquire(cluster: FakeCluster, executions: Executions = {}, address = ADDRESS): Promise<void> {
  const client = temporalClient('ns-1', executions);
  await carryOut(cluster, ({ acquireLease }) => acquireLease, { firstRunId: 'run-1' }, { client, address });
}

const holder = (cluster: FakeCluster) => holderOf(cluster.lease ?? {});
const theirs = (status: string, more = {}): Executions => ({ theirs: [{ runId: 'run-9', status, ...more }] });

describe('the Lease', () => {
  it("names its holder by the id of the Temporal namespace; the server's address is for people", async () => {
    const cluster = clusterWith();
    await acquire(cluster);
    expect(holder(cluster)).toEqual({
      workflowId: 'mine',
      runId: 'run-1',
      temporalNamespace: 'default',
      temporalNamespaceId: 'ns-1',
      temporalAddress: ADDRESS,
    });
  });

  it('is not taken from a holder on another server that is reached at the same address', async () => {
    const cluster = held({ 'temporal-namespace-id': 'ns-2' });
    await expect(acquire(cluster)).rejects.toMatchObject({
      type: 'RotationAlreadyRunning',
      message: expect.stringContaining('kubectl patch lease -n linkerd reroot --type merge') as string,
    });
    expect(holder(cluster).workflowId).toBe('theirs');
  });

  it.each(['127.0.0.1:40001', ADDRESS])(
    'of the same namespace is asked for at the address of today, not at %s: one that has ended is taken over',
    async (address) => {
      const cluster = held({ 'temporal-address': address });
      await acquire(cluster, theirs('TERMINATED'), '127.0.0.1:40002');
      expect(holder(cluster)).toMatchObject({ workflowId: 'mine', temporalAddress: '127.0.0.1:40002' });
    },
  );

  it('of the same namespace is taken over when the server has forgotten the holder: none that is open is forgotten', async () => {
    const cluster = held();
    await acquire(cluster);
    expect(holder(cluster).workflowId).toBe('mine');
  });

  it.each(['RUNNING', 'PAUSED', 'UNKNOWN', 'CONTINUED_AS_NEW'])('is refused while its holder is %s', async (status) => {
    const cluster = held();
    await expect(acquire(cluster, theirs(status))).rejects.toMatchObject({
      type: 'RotationAlreadyRunning',
      message: expect.stringContaining('is running: workflow theirs (run run-9)') as string,
    });
    expect(cluster.writes).toEqual([]);
  });

  it('follows a holder that has continued as new', async () => {
    const executions = {
      theirs: [
        { runId: 'run-9', status: 'CONTINUED_AS_NEW' },
        { runId: 'run-10', firstRunId: 'run-9', status: 'RUNNING' },
      ],
    };
    await expect(acquire(held(), executions)).rejects.toMatchObject({ type: 'RotationAlreadyRunning' });
  });

  it('is taken over when its workflow id is used by a later rotation: that one has to ask for it too', async () => {
    const cluster = held();
    await acquire(cluster, {
      theirs: [
        { runId: 'run-9', status: 'FAILED' },
        { runId: 'run-11', status: 'RUNNING' },
      ],
    });
    expect(holder(cluster).workflowId).toBe('mine');
  });

  it('that 0.2 wrote for this very rotation gets the id that it lacks', async () => {
    const cluster = held({ 'workflow-id': 'mine', 'run-id': 'run-1', 'temporal-namespace-id': '' });
    await acquire(cluster);
    expect(holder(cluster).temporalNamespaceId).toBe('ns-1');
  });

  it('that is its own already is left as it is', async () => {
    const cluster = held({ 'workflow-id': 'mine', 'run-id': 'run-1' });
    await acquire(cluster);
    expect(cluster.writes).toEqual([]);
  });
});

describe('a Lease of 0.1 or 0.2, which has no id', () => {
  const without = { 'temporal-namespace-id': '', 'temporal-address': '127.0.0.1:40001' };

  it('is taken over when this server knows that its holder has ended, also at another port (the embedded server)', async () => {
    const cluster = held(without);
    await acquire(cluster, theirs('TERMINATED'), '127.0.0.1:40002');
    expect(holder(cluster).workflowId).toBe('mine');
  });
  it('is taken over when this server knows its holder and a later run of the same workflow id', async () => {
    const cluster = held(without);
    await acquire(cluster, {
      theirs: [
        { runId: 'run-9', status: 'FAILED' },
        { runId: 'run-11', status: 'RUNNING' },
      ],
    });
    expect(holder(cluster).workflowId).toBe('mine');
  });
  it('is refused while its holder runs', async () => {
    await expect(acquire(held(without), theirs('RUNNING'), '127.0.0.1:40002')).rejects.toMatchObject({
      type: 'RotationAlreadyRunning',
      message: expect.stringContaining('at 127.0.0.1:40002. Follow it with `reroot status`') as string,
    });
  });
  it.each([
    ['no such workflow', {}],
    ['only another run of that workflow id', { theirs: [{ runId: 'run-11', status: 'COMPLETED' }] }],
  ])('is refused when this server knows %s: the holder may be on another', async (_what, executions) => {
    const cluster = held({ ...without, 'temporal-address': ADDRESS });
    await expect(acquire(cluster, executions)).rejects.toMatchObject({
      type: 'RotationAlreadyRunning',
      message: expect.stringContaining('An earlier version of reroot') as string,
    });
    expect(cluster.writes).toEqual([]);
  });
});

describe('releaseLease', () => {
  const release = async (cluster: FakeCluster) =>
    await carryOut(cluster, ({ releaseLease }) => releaseLease, { firstRunId: 'run-1' });

  it("gives back its own, and leaves another's", async () => {
    const mine = held({ 'run-id': 'run-1' });
    await release(mine);
    expect(mine.lease).toMatchObject({ metadata: { annotations: {} }, spec: {} });
    const other = held();
    await release(other);
    expect(holder(other).workflowId).toBe('theirs');
    await release(clusterWith());
  });
  it('leaves it to whoever comes next, as it was made beforehand: nothing is created, nothing deleted', async () => {
    const cluster = clusterWith().withObjects();
    await acquire(cluster);
    expect(holder(cluster).workflowId).toBe('mine');
    await release(cluster);
    expect(cluster.lease?.metadata?.annotations).toEqual({ theirs: 'stays' });
    await acquire(cluster);
    expect(holder(cluster).workflowId).toBe('mine');
    expect(cluster.writes).toEqual(['replace Lease/reroot', 'replace Lease/reroot', 'replace Lease/reroot']);
  });
  it('of a Lease that is taken in the same moment: the other one is refused', async () => {
    const cluster = clusterWith().withObjects();
    await acquire(cluster);
    await expect(
      carryOut(
        cluster,
        ({ acquireLease }) => acquireLease,
        { firstRunId: 'run-2' },
        {
          client: temporalClient('ns-1', { mine: [{ runId: 'run-1', status: 'RUNNING' }] }),
        },
      ),
    ).rejects.toMatchObject({ type: 'RotationAlreadyRunning' });
  });
  it('that is not there and may not be created is named, with the file that makes it', async () => {
    const cluster = clusterWith();
    cluster.mayCreate = false;
    await expect(acquire(cluster)).rejects.toMatchObject({
      type: 'ObjectAbsent',
      nonRetryable: true,
      message: expect.stringContaining('deploy/objects.yaml') as string,
    });
  });
});
