import { type Client, ServiceError, WorkflowNotFoundError } from '@temporalio/client';
import { beforeEach, describe, expect, it } from 'vitest';
import { problemList } from '../../../src/operate/problems.js';
import { rotationReader } from '../../../src/operate/rotation-seen.js';

const HOLDER = { workflowId: 'w', runId: 'r', temporalNamespace: 'default' };
const NAMED = { workflowId: 'w', runId: 'r' };

describe('the rotation that has the Lease', () => {
  let execution: { name: string; firstRunId: string; length: number; status: object | Error } | undefined;
  let queries = 0;
  beforeEach(() => {
    queries = 0;
    execution = {
      name: 'RUNNING',
      firstRunId: 'r',
      length: 10,
      status: { outcome: 'running', phase: 'trust', namespaces: [] },
    };
  });
  const handle = () => ({
    client: { connection: { withDeadline: async (_: number, ask: () => Promise<unknown>) => await ask() } },
    describe: async () => {
      if (!execution) throw new WorkflowNotFoundError('gone', 'w', undefined);
      const { name, firstRunId, length: historyLength } = execution;
      const raw = { workflowExecutionInfo: { firstRunId }, pendingActivities: [] };
      return await Promise.resolve({ status: { name }, runId: 'run-2', historyLength, raw, taskQueue: 'reroot' });
    },
    query: async () => {
      queries += 1;
      if (execution?.status instanceof Error) throw execution.status;
      return await Promise.resolve(execution?.status);
    },
  });
  const temporal = { options: { namespace: 'default' }, workflow: { getHandle: handle } } as unknown as Client;
  const reading = () => {
    const problems = problemList();
    const reader = rotationReader(temporal, problems);
    return { problems: problems.all, read: async (isHeld = true) => await reader.read(HOLDER, isHeld) };
  };
  const change = (fields: Partial<NonNullable<typeof execution>>) => Object.assign(execution ?? {}, fields);
  const silent = new ServiceError('no', {
    cause: Object.assign(new Error('no'), { code: 9, details: '', metadata: {} }),
  });

  it('is asked for its status when its history has grown, and not before', async () => {
    const { read, problems } = reading();
    expect(await read()).toMatchObject({ ...NAMED, status: { phase: 'trust' } });
    change({ status: { outcome: 'running', phase: 'renew', namespaces: [] } });
    expect(await read()).toMatchObject({ status: { phase: 'trust' } });
    expect(queries).toBe(1);
    change({ length: 11 });
    expect(await read()).toMatchObject({ status: { phase: 'renew' } });
    expect([queries, problems()]).toEqual([2, []]);
  });
  it('is shown as it was when no worker answers, and by its name where none ever has', async () => {
    const { read, problems } = reading();
    await read();
    change({ length: 11, status: silent });
    expect(await read()).toMatchObject({ status: { phase: 'trust' } });
    expect(problems()).toEqual(['No worker has answered how rotation w stands.']);
    const fresh = reading();
    expect(await fresh.read()).toEqual(NAMED);
    expect(fresh.problems()).toHaveLength(1);
    change({ status: { outcome: 'running', phase: 'renew', namespaces: [] } });
    await read();
    expect(problems()).toEqual([]);
  });
  it.each([
    ['FAILED', { outcome: 'failed', namespaces: [] }, 'failed'],
    ['CANCELLED', { outcome: 'cancelled', namespaces: [] }, 'cancelled'],
    // before anything was written
    ['FAILED', { outcome: 'aborted', namespaces: [] }, 'aborted'],
    ['TERMINATED', { outcome: 'running', namespaces: [] }, 'failed'],
  ])('that has ended (%s) without a report is still shown', async (name, status, outcome) => {
    change({ name, status });
    expect(await reading().read(false)).toMatchObject({ status: { outcome } });
  });
  it.each(['completed', 'aborted'])('that has %s is not: its report is', async (outcome) => {
    change({ name: 'COMPLETED', status: { outcome, namespaces: [] } });
    const { read, problems } = reading();
    expect([await read(false), problems()]).toEqual([undefined, []]);
  });
  it('that was terminated and has the Lease still is named', async () => {
    change({ name: 'TERMINATED' });
    const { read, problems } = reading();
    expect(await read()).toMatchObject({ status: { outcome: 'failed' } });
    expect(problems()).toEqual(['Rotation w has ended and still holds Lease reroot: the next rotation takes it over.']);
  });
  it('of another Temporal server, or of an earlier chain of the same id, is not known', async () => {
    const { read, problems } = reading();
    change({ firstRunId: 'another' });
    expect([await read(), await read(false)]).toEqual([NAMED, undefined]);
    execution = undefined;
    expect(await read()).toEqual(NAMED);
    expect(problems()).toEqual([expect.stringContaining('names rotation w of Temporal namespace default, which this')]);
    expect(queries).toBe(0);
  });
  it('is named where nobody can be asked', async () => {
    const reader = rotationReader(undefined, problemList());
    expect([await reader.read(HOLDER, true), await reader.read(HOLDER, false)]).toEqual([NAMED, undefined]);
  });
  it('whose name was written by somebody else is plain', async () => {
    const reader = rotationReader(undefined, problemList());
    expect(await reader.read({ ...HOLDER, workflowId: 'w\u202Ex' }, true)).toMatchObject({ workflowId: 'w\uFFFDx' });
  });
});
