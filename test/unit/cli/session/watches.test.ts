import { stripVTControlCharacters } from 'node:util';
import { ScheduleAlreadyRunning, ScheduleNotFoundError, WorkflowNotFoundError } from '@temporalio/client';
import { describe, expect, it } from 'vitest';
import { putSchedule, scheduleOf, specOf } from '../../../../src/cli/session/watches.js';
import { findWatch, type Server } from '../../../../src/operate/watch-seen.js';
import { watchText } from '../../../../src/cli/view/watch.js';
import type { WatchStatus } from '../../../../src/rotation/watch-status.js';
import { DEADLINE_EXCEEDED } from '../view/fake-handle.js';
import { statusText } from '../../../../src/cli/commands/status.js';
import { handleOf } from '../view/fake-handle.js';

const STATUS: WatchStatus = {
  ...{ workflowId: 'watch-trust-root-prod', cluster: 'prod', startedAt: '2026-11-01T00:00:00Z', every: 600_000 },
  ...{ onRenewal: 'ask', notes: ['a note'], alerts: [{ reason: 'PreviousRootMissing', message: 'm', since: '' }] },
  waiting: { kind: 'approval', for: 'a word', since: '2026-11-02T00:00:00Z', on: ['root\u001B[2J'], todo: 'Say it.' },
};

/** A Temporal server with these workflows, by id: what their query answers; and a Schedule. */
function server(workflows: Record<string, object | Error>, running?: string[]): Server {
  const connection = { withDeadline: async (_: number, ask: () => Promise<unknown>) => await ask() };
  const getHandle = (workflowId: string) => ({
    workflowId,
    client: { connection },
    describe: async () => {
      if (!(workflowId in workflows)) throw new WorkflowNotFoundError('', workflowId, undefined);
      return await Promise.resolve({ status: { name: 'RUNNING' } });
    },
    query: async () => {
      const answer = workflows[workflowId];
      if (answer instanceof Error) throw answer;
      return await Promise.resolve(answer);
    },
  });
  const describeSchedule = async () => {
    if (!running) throw new ScheduleNotFoundError('', '');
    const runningActions = running.map((workflowId) => ({ type: 'startWorkflow', workflow: { workflowId } }));
    return await Promise.resolve({ info: { nextActionTimes: [new Date('2026-12-01T00:00:00Z')], runningActions } });
  };
  const schedule = { getHandle: () => ({ describe: describeSchedule }) };
  return { client: { workflow: { getHandle }, schedule } } as unknown as Server;
}

describe('what watches a cluster', () => {
  it('is nothing', async () => expect(await findWatch(server({}), 'prod')).toBeUndefined());
  it('is a workflow that lasts', async () => {
    const seen = await findWatch(server({ 'watch-trust-root-prod': STATUS }), 'prod');
    expect(seen).toEqual({ workflowId: 'watch-trust-root-prod', status: STATUS });
    const text = stripVTControlCharacters(watchText(seen ?? {}));
    for (const part of [
      'looks every 10m, and asks',
      'PreviousRootMissing: m',
      'Say it.',
      '  - root\uFFFD[2J',
      'a note',
    ])
      expect(text).toContain(part);
  });
  it('is a Schedule, with the look that waits for a person', async () => {
    expect(await findWatch(server({}, []), 'prod')).toEqual({
      schedule: { scheduleId: 'watch-trust-root-prod', next: '2026-12-01T00:00:00.000Z', running: [] },
    });
    const seen = await findWatch(server({ 'watch-trust-root-prod-1': STATUS }, ['watch-trust-root-prod-1']), 'prod');
    expect(seen).toMatchObject({ workflowId: 'watch-trust-root-prod-1', status: { cluster: 'prod' } });
    expect(watchText(seen ?? {})).toContain('Schedule watch-trust-root-prod looks at the root, next at 2026-12-01');
  });
  it('is said though no worker answers', async () => {
    const seen = await findWatch(server({ 'watch-trust-root-prod': DEADLINE_EXCEEDED }), 'prod');
    expect(watchText(seen ?? {})).toBe('Watch watch-trust-root-prod runs, and no worker has answered for it.');
  });
  it('is a part of the status of a rotation', async () => {
    const watch = { workflowId: 'watch-trust-root-prod', status: STATUS };
    const end = handleOf(['COMPLETED'], { result: async () => await Promise.resolve({ plan: {}, findings: [] }) });
    const { text } = await statusText(end, { cluster: 'prod', output: 'json' }, watch);
    expect(JSON.parse(text)).toMatchObject({
      workflowId: 'trust-root-prod',
      watch: { workflowId: 'watch-trust-root-prod' },
    });
  });
});

describe('the Schedule of a watch', () => {
  it('takes one look at each of its times, and skips those at which one waits', () => {
    expect(scheduleOf('prod', '6h', { cluster: 'prod', onRenewal: 'ask' })).toMatchObject({
      scheduleId: 'watch-trust-root-prod',
      spec: { intervals: [{ every: 21_600_000 }] },
      action: { workflowType: 'watchTrustRoot', args: [{ cluster: 'prod', onRenewal: 'ask', once: true }] },
      policies: { overlap: 'SKIP' },
    });
    expect(specOf('0 6 * * *')).toEqual({ cronExpressions: ['0 6 * * *'] });
  });
  it.each(['often', '0 6 * *', '', '0s'])('refuses %j', (when) =>
    expect(() => specOf(when)).toThrow('five fields of cron'),
  );
  it('is brought to what is wanted where there is one', async () => {
    const updates: unknown[] = [];
    const update = async (change: (previous: object) => object) =>
      await Promise.resolve(void updates.push(change({ state: { paused: true } })));
    const create = async () => await Promise.reject(new ScheduleAlreadyRunning('', ''));
    const client = { schedule: { create, getHandle: () => ({ update }) } };
    const wanted = scheduleOf('prod', '6h', {});
    expect(await putSchedule({ client } as unknown as Server, wanted)).toBe('updated');
    expect(updates).toMatchObject([{ spec: wanted.spec, state: { paused: true } }]);
  });
});
