import { stripVTControlCharacters } from 'node:util';
import {
  ScheduleAlreadyRunning,
  ScheduleNotFoundError,
  WorkflowFailedError,
  WorkflowNotFoundError,
} from '@temporalio/client';
import { describe, expect, it } from 'vitest';
import { differences, putSchedule, scheduleOf } from '../../../../src/cli/session/schedules.js';
import { timesFrom } from '../../../../src/cli/session/times.js';
import type { Server } from '../../../../src/operate/schedule-seen.js';
import { findWatch } from '../../../../src/operate/watch-seen.js';
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

const started = (workflowId: string) => ({
  type: 'startWorkflow',
  workflow: { workflowId, firstExecutionRunId: `run of ${workflowId}` },
});

/** What a Schedule says, beside the looks under way. */
interface Described {
  isOver?: boolean;
  state?: { paused: boolean; note?: string };
  last?: string;
}

/** A Temporal server with these workflows, by id: what their query or, where they have ended, their result is; and a Schedule. */
function server(
  workflows: Record<string, object | Error>,
  running?: string[],
  { state = { paused: false }, last, isOver = true }: Described = {},
): Server {
  const connection = { withDeadline: async (_: number, ask: () => Promise<unknown>) => await ask() };
  const getHandle = (workflowId: string) => ({
    workflowId,
    client: { connection },
    describe: async () => {
      if (!(workflowId in workflows)) throw new WorkflowNotFoundError('', workflowId, undefined);
      return await Promise.resolve({ status: { name: workflowId === last && isOver ? 'COMPLETED' : 'RUNNING' } });
    },
    result: async () => {
      const answer = workflows[workflowId];
      if (answer instanceof Error) throw answer;
      return await Promise.resolve(answer);
    },
    query: async () => {
      const answer = workflows[workflowId];
      if (answer instanceof Error) throw answer;
      return await Promise.resolve(answer);
    },
  });
  const describeSchedule = async () => {
    if (!running) throw new ScheduleNotFoundError('', '');
    const recentActions =
      last === undefined ? [] : [{ takenAt: new Date('2026-11-30T00:00:00Z'), action: started(last) }];
    const info = {
      nextActionTimes: [new Date('2026-12-01T00:00:00Z')],
      runningActions: running.map(started),
      recentActions,
    };
    return await Promise.resolve({ info, state, action: { memo: { looks: 'every 6h' } } });
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
      schedule: {
        scheduleId: 'watch-trust-root-prod',
        when: 'every 6h',
        next: '2026-12-01T00:00:00.000Z',
        running: [],
      },
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

const LOOK = { at: '2026-11-30T00:00:00Z', linkerdNamespace: 'linkerd', clusterUid: 'uid', inUse: [] };

describe('the last look of a Schedule', () => {
  const seenAfter = async (result: object | Error, state?: Described['state']) =>
    await findWatch(server({ look: result }, [], { last: 'look', ...(state ? { state } : {}) }), 'prod');
  const textAfter = async (...given: Parameters<typeof seenAfter>) =>
    stripVTControlCharacters(watchText((await seenAfter(...given)) ?? {}));

  it('is shown with what it has seen, started and raised', async () => {
    const rotation = { workflowId: 'trust-root-prod', runId: 'r', root: 'a', startedAt: '' };
    const alerts = [{ reason: 'TrustAnchorExpiring', message: 'soon', since: '' }];
    const report = { cluster: 'prod', seen: 'it expires', look: LOOK, rotation, alerts, notes: [] };
    expect(await seenAfter(report)).toMatchObject({
      schedule: { last: { workflowId: 'look', runId: 'run of look', report } },
    });
    const text = await textAfter(report);
    for (const part of [
      'Last look, at 2026-11-30',
      'it expires',
      'rotation trust-root-prod',
      'TrustAnchorExpiring: soon',
    ])
      expect(text).toContain(part);
  });
  it('is shown with why it has failed', async () => {
    const failed = new WorkflowFailedError('', new Error('identity is gone'), 'NON_RETRYABLE_FAILURE');
    expect(await textAfter(failed)).toContain('Look look at 2026-11-30T00:00:00.000Z has failed: identity is gone');
  });
  it('is found where it waits, though the server does not list it as running: triggered by somebody beside the others', async () => {
    const seen = await findWatch(server({ look: STATUS }, [], { last: 'look', isOver: false }), 'prod');
    expect(seen).toMatchObject({ workflowId: 'look', status: STATUS, schedule: { running: ['look'] } });
  });
  it('is not known any more', async () => {
    expect(await textAfter(new WorkflowNotFoundError('', 'look', undefined))).toBe(
      'Schedule watch-trust-root-prod looks at the root, next at 2026-12-01T00:00:00.000Z (every 6h).',
    );
  });
  it('does not hide that the Schedule is paused', async () => {
    const gone = new WorkflowNotFoundError('', 'look', undefined);
    expect(await textAfter(gone, { paused: true, note: 'freeze' })).toBe(
      'Schedule watch-trust-root-prod is paused (every 6h): nothing is looked at. Why: freeze',
    );
  });
});

const SIX_HOURS = { spec: { intervals: [{ every: 21_600_000 }] }, text: 'every 6h' };

describe('the Schedule of a watch', () => {
  it('takes one look at each of its times, and skips those at which one waits', () => {
    expect(scheduleOf('prod', SIX_HOURS, { cluster: 'prod', onRenewal: 'ask' })).toMatchObject({
      scheduleId: 'watch-trust-root-prod',
      spec: { intervals: [{ every: 21_600_000 }] },
      action: { workflowType: 'watchTrustRoot', args: [{ cluster: 'prod', onRenewal: 'ask', once: true }] },
      policies: { overlap: 'SKIP' },
    });
    expect(timesFrom('6h')).toEqual(SIX_HOURS);
    expect(timesFrom('0 6 * * *')?.spec).toEqual({ cronExpressions: ['0 6 * * *'] });
  });
  it.each(['often', '0 6 * *', '', '0s'])('refuses %j', (when) => expect(timesFrom(when)).toBeUndefined());

  const put = async (found: object, wanted = scheduleOf('prod', SIX_HOURS, { before: '30d' })) => {
    const updates: unknown[] = [];
    const update = async (change: (previous: object) => object) =>
      await Promise.resolve(void updates.push(change({ state: { paused: true } })));
    const create = async () => await Promise.reject(new ScheduleAlreadyRunning('', ''));
    const describeIt = async () =>
      await Promise.resolve({ policies: { overlap: 'SKIP', catchupWindow: 86_400_000 }, ...found });
    const client = { schedule: { create, getHandle: () => ({ update, describe: describeIt }) } };
    return { ...(await putSchedule({ client } as unknown as Server, wanted)), updates, wanted };
  };
  it('is brought to what is wanted where there is one, and says what has changed; paused it stays paused', async () => {
    const { action } = scheduleOf('prod', SIX_HOURS, { before: '60d', rotation: { strategy: 'patient' } });
    const { how, changes, updates, wanted } = await put({ action });
    expect(how).toBe('updated');
    expect(changes).toEqual(['before: 30d, was 60d', 'rotation.strategy: nothing, was patient']);
    expect(updates).toMatchObject([{ spec: wanted.spec, state: { paused: true } }]);
  });
  it('is left alone where it is so already', async () => {
    const { action } = scheduleOf('prod', SIX_HOURS, { before: '30d', rotation: { rollout: {}, root: {} } });
    expect(await put({ action })).toMatchObject({ how: 'unchanged', changes: [], updates: [] });
  });
  it('is made anew where somebody else has made it', async () => {
    const { how, changes } = await put({ action: {}, policies: { overlap: 'ALLOW_ALL', catchupWindow: 60_000 } });
    expect(how).toBe('updated');
    expect(changes).toContain('when: every 6h, was nothing');
    expect(changes).toContain('overlap and catch-up: as reroot sets them');
  });
  it('differs in lists and numbers too', () => {
    expect(differences({ input: { a: [1], b: true } }, { input: { a: [2], b: true } })).toEqual(['a: [2], was [1]']);
  });
});
