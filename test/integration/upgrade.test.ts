import path from 'node:path';
import type { WorkflowHandle } from '@temporalio/client';
import { DefaultLogger, NativeConnection, Runtime, Worker } from '@temporalio/worker';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { WorkerProcess } from '../../sandbox/kit/index.js';
import {
  anchorsInUse,
  client,
  endRotations,
  eventually,
  failureOf,
  FAST,
  leaseHolder,
  refusalsDuring,
  reportOf,
  sandbox,
  startRotation,
  startWorker,
} from './support.js';

const WAIVER = { subject: 'nowhere/Deployment/web', reason: 'said to the old version', by: 'tester' };

/** Begins a rotation with a worker of another version, lets people talk to it, and ends that worker. */
async function begunByAnotherVersion(...said: [string, object][]): Promise<WorkflowHandle> {
  const connection = await NativeConnection.connect({ address: sandbox.temporal.address });
  const workflowsPath = path.resolve(import.meta.dirname, 'another-version.ts');
  const activities = { stepOfAnotherVersion: async () => await Promise.resolve() };
  const worker = await Worker.create({ connection, taskQueue: 'reroot', workflowsPath, activities });
  const handle = await worker.runUntil(async () => {
    const started = await startRotation(FAST);
    for (const [name, args] of said) await started.executeUpdate(name, { args: [args] });
    return started;
  });
  await connection.close();
  // by its id alone: the handle of a start asks for the run that it began
  return (await client()).workflow.getHandle(handle.workflowId);
}

async function runsOf(workflowId: string): Promise<{ runId: string; status: string }[]> {
  const { workflow } = await client();
  const runs = [];
  for await (const { runId, status } of workflow.list({ query: `WorkflowId = '${workflowId}'` }))
    runs.push({ runId, status: status.name });
  return runs;
}

describe('a rotation that another version of the worker has begun', () => {
  let workers: WorkerProcess[] = [];
  beforeAll(() => void Runtime.install({ logger: new DefaultLogger('ERROR') }));
  afterEach(async () => {
    for (const worker of workers) await worker.stop();
    workers = [];
    await endRotations();
  });

  it('goes on when this version comes: once, with what people have said to it, and nobody does anything', async () => {
    const [before] = await anchorsInUse();
    const { result, refused } = await refusalsDuring(async () => {
      const handle = await begunByAnotherVersion(['waive', WAIVER], ['approve', { planHash: '0123456789' }]);
      const { runId } = await handle.describe();
      workers = [startWorker(), startWorker()]; // both see it
      await eventually('another run', async () => (await handle.describe()).runId !== runId);
      return { handle, first: runId, report: await reportOf(handle) };
    });
    const { handle, first, report } = result;
    expect(report).toMatchObject({ outcome: 'completed', waivers: [{ subject: WAIVER.subject, claimedBy: 'tester' }] });
    expect(report.approvals).toEqual([]); // what was approved then is not what would be asked for now
    expect(report.oldRoots.map(({ fingerprint }) => fingerprint)).toEqual([before]);
    expect(await anchorsInUse()).toEqual([report.newRoot.fingerprint]);
    expect(refused).toBe(0);
    const runs = await runsOf(handle.workflowId);
    expect(runs.map(({ status }) => status).toSorted()).toEqual(['COMPLETED', 'TERMINATED']);
    const { raw, runId } = await handle.describe();
    expect(runId).toBe(report.runId);
    expect(raw.workflowExecutionInfo?.firstRunId).toBe(first);
    expect(await leaseHolder(), 'the Lease was its own, so it was given back').toBeUndefined();
  });

  it('is aborted if it was aborted, after a look at what it has left', async () => {
    const before = await anchorsInUse();
    const handle = await begunByAnotherVersion(['pause', {}], ['abort', { by: 'tester' }]);
    workers = [startWorker()];
    await eventually('the end', async () => (await handle.describe()).status.name === 'FAILED');
    const { type, message } = await failureOf(handle);
    expect(type).toBe('Aborted');
    expect(message).toContain('nothing was changed');
    expect(await anchorsInUse()).toEqual(before);
  });
});
