import { ServiceError, type WorkflowHandle } from '@temporalio/client';
import { describe, expect, it } from 'vitest';
import { answered } from '../../../../src/cli/session/pollers.js';
import { leftAlone, unservedSteps } from '../../../../src/operate/unserved.js';
import type { Waiting } from '../../../../src/rotation/status.js';

const NOW = new Date();
const ago = (seconds: number) => new Date(NOW.getTime() - seconds * 1000);
const timestamp = (date: Date) => ({ seconds: Math.floor(date.getTime() / 1000), nanos: 0 }) as never;
const SCHEDULED = 1;
const STARTED = 2;

const step = (name: string, state: number, since: Date) => ({
  activityType: { name },
  state,
  scheduledTime: timestamp(since),
});

/** A rotation on a server where each queue was last polled then, or never. */
function rotation(polled: Record<string, Date>, running = 'RUNNING') {
  const connection = {
    withDeadline: async <T>(_: number, work: () => Promise<T>) => await work(),
    workflowService: {
      describeTaskQueue: async ({ taskQueue: { name } }: { taskQueue: { name: string } }) =>
        await Promise.resolve({ pollers: polled[name] ? [{ lastAccessTime: timestamp(polled[name]) }] : [] }),
    },
  };
  const description = {
    workflowId: 'trust-root-prod',
    taskQueue: 'reroot',
    status: { name: running },
    searchAttributes: { RerootCluster: ['prod'], RerootPhase: ['renew'] },
  };
  const handle = { describe: async () => await Promise.resolve(description), client: { connection, options: {} } };
  return handle as unknown as WorkflowHandle;
}

describe('a question that only a worker can answer', () => {
  const configured = { server: 'configured', address: 'temporal:7233' } as const;
  const hangs = async (): Promise<string> =>
    await Promise.reject(
      new ServiceError('late', { cause: Object.assign(new Error('late'), { code: 4, details: '', metadata: {} }) }),
    );

  it('is not asked where nothing polls: what to start is said at once', async () => {
    const asked = answered(configured, rotation({}), async () => await Promise.resolve('asked'));
    await expect(asked).rejects.toThrow(
      'no worker polls task queue reroot of Temporal temporal:7233: rotation trust-root-prod stands in phase renew until ' +
        'one does. Start one: `reroot worker --cluster prod`; the rotation goes on by itself',
    );
    const dead = answered(configured, rotation({ reroot: ago(120) }), hangs);
    await expect(dead).rejects.toThrow('no worker polls task queue reroot');
  });
  it('is not waited for where a worker has only just died', async () => {
    const asked = answered(configured, rotation({ reroot: ago(20) }), hangs);
    await expect(asked).rejects.toThrow('no worker has answered within 15s from task queue reroot');
  });
  it('is answered where one polls, and of a rotation that has ended whoever polls', async () => {
    const answer = async () => await Promise.resolve('answer');
    expect(await answered(configured, rotation({ reroot: ago(50) }), answer)).toBe('answer');
    expect(await answered(configured, rotation({}, 'COMPLETED'), answer)).toBe('answer');
  });
  it('in the embedded mode, `rotate` is what starts a worker', async () => {
    const asked = answered({ server: 'embedded', address: '127.0.0.1:1' }, rotation({}), hangs);
    await expect(asked).rejects.toThrow('Start one: `reroot rotate --cluster prod`');
  });
});

describe('steps that wait for a worker', () => {
  const status = { cluster: 'prod' };
  const waiting = { taskQueue: 'reroot', raw: { pendingActivities: [step('checkGate', SCHEDULED, ago(60))] } as never };

  it('are told apart from those that run, and those that a retry will make due', () => {
    expect(leftAlone([step('checkGate', SCHEDULED, ago(60))], NOW)).toMatchObject({ step: 'checkGate' });
    expect(leftAlone([step('checkGate', SCHEDULED, ago(1))], NOW)).toBeUndefined();
    expect(leftAlone([step('checkGate', SCHEDULED, ago(-20))], NOW)).toBeUndefined();
    expect(leftAlone([], NOW)).toBeUndefined();
    const busy = [step('reinject', SCHEDULED, ago(60)), step('reinject', STARTED, ago(60))];
    expect(leftAlone(busy, NOW)).toBeUndefined();
  });
  it('are an alert that says what to start', async () => {
    const gone = rotation({ reroot: ago(1), 'reroot-prod': ago(70) });
    expect(await unservedSteps(gone, waiting, status)).toMatchObject({
      reason: 'NoWorker',
      message:
        'no worker of cluster prod polls task queue reroot-prod, and step checkGate waits for one. ' +
        'Start one: `reroot worker --cluster prod`',
    });
  });
  it('are none where a worker has asked for work since, or where the rotation says it itself', async () => {
    const polled = rotation({ 'reroot-prod': ago(3) });
    expect(await unservedSteps(polled, waiting, status)).toBeUndefined();
    const waitsForWorker: Waiting = { kind: 'worker', for: '', since: '', on: [], todo: '' };
    const said = { ...status, waiting: waitsForWorker };
    expect(await unservedSteps(rotation({}), waiting, said)).toBeUndefined();
  });
});
