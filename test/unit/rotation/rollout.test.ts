import { describe, expect, it } from 'vitest';
import type { WorkloadSnapshot } from '../../../src/ground/workload.js';
import type { Refusal } from '../../../src/rotation/evictions.js';
import { decideRollout, type RolloutQuestion, staleTemplate, withoutInjector } from '../../../src/rotation/rollout.js';
import type { RolloutDecision } from '../../../src/rotation/rollout-waits.js';

const NOW = new Date('2026-01-01T00:10:00Z');
const STUCK_AFTER_MS = 60_000;
const LONG_AGO = '2026-01-01T00:00:00Z';
const JUST_NOW = '2026-01-01T00:09:59Z';

/** Not rolled in this phase yet, with two pods that fall short. */
const question: RolloutQuestion = {
  workload: { kind: 'Deployment', rolledOut: true, replacement: 'rollout' },
  staleTemplate: false,
  deletePods: false,
  outdated: 2,
  starting: 0,
  leaving: 0,
  lost: 0,
  settled: false,
  evictions: 0,
  mark: 'abc-trust',
  retry: 0,
  stuckAfterMs: STUCK_AFTER_MS,
  now: NOW,
};

const rolled: WorkloadSnapshot = {
  kind: 'Deployment',
  replacement: 'rollout',
  rolledOut: true,
  mark: 'abc-trust',
  markedAt: JUST_NOW,
};
const rolling: WorkloadSnapshot = { ...rolled, rolledOut: false };
const evicted: WorkloadSnapshot = {
  kind: 'StatefulSet',
  rolledOut: true,
  replacement: 'eviction',
  evictionBecause: 'its update strategy is OnDelete',
};
const cronJob: WorkloadSnapshot = { kind: 'CronJob', rolledOut: true, replacement: 'next run' };

interface Case {
  name: string;
  asked: Partial<RolloutQuestion>;
  decides: RolloutDecision['do'];
  /** More of the decision. */
  with?: object;
}

const decides = ({ asked, decides: decision, with: more }: Case): void =>
  expect(decideRollout({ ...question, ...asked })).toMatchObject({ do: decision, ...more });

const straggles = (reason: string, more: object = {}) => ({
  decides: 'straggle' as const,
  with: { reason, message: expect.any(String) as string, hint: expect.any(String) as string, ...more },
});

describe('a workload that its controller rolls', () => {
  it.each<Case>([
    { name: 'is rolled when pods fall short', asked: {}, decides: 'roll', with: { mark: 'abc-trust' } },
    { name: 'is left alone when none does', asked: { outdated: 0 }, decides: 'nothing' },
    { name: 'is not rolled twice for one phase', asked: { workload: rolling }, decides: 'wait' },
    {
      name: 'is rolled again for another phase',
      asked: { mark: 'abc-renew', workload: rolled },
      decides: 'roll',
      with: { mark: 'abc-renew' },
    },
    { name: 'is waited for while old pods are leaving', asked: { outdated: 0, leaving: 1 }, decides: 'wait' },
    {
      name: 'is waited for while proxies are starting',
      asked: { outdated: 0, starting: 1, workload: rolling },
      decides: 'wait',
    },
    {
      name: 'is a straggler when the controller has given up, in its words',
      asked: { workload: { ...rolling, failed: 'exceeded quota' } },
      ...straggles('RolloutStuck', { message: 'exceeded quota' }),
    },
    {
      name: 'is a straggler when its rollout takes longer than allowed, with what it waits for',
      asked: { workload: { ...rolling, markedAt: LONG_AGO, waitingFor: '1 of 2 new pods exist' } },
      ...straggles('RolloutStuck', { message: '1 of 2 new pods exist' }),
    },
    {
      name: 'is a straggler when a finished rollout did not help',
      asked: { workload: rolled },
      ...straggles('OutdatedAfterRollout'),
    },
    {
      name: 'is a straggler when its new proxies cannot be read for as long as a rollout may take',
      asked: {
        outdated: 0,
        starting: 1,
        startingBecause: 'no answer on 4191',
        unreadSince: LONG_AGO,
        workload: rolled,
      },
      ...straggles('ProxyUnreadable', { message: expect.stringContaining('no answer on 4191') as string }),
    },
    {
      name: 'is given time while its new proxies cannot be read yet',
      asked: { outdated: 0, starting: 1, workload: rolled },
      decides: 'wait',
    },
    {
      name: 'is a straggler for the reason for which nothing replaces its pods',
      asked: {
        workload: { ...question.workload, unrollable: { reason: 'DeploymentPaused', message: 'm', hint: 'h' } },
      },
      ...straggles('DeploymentPaused', { message: 'm', hint: 'h' }),
    },
  ])('$name', decides);
});

describe('after the retry of an operator, a workload', () => {
  it.each<Case>([
    {
      name: 'that a finished rollout did not help is rolled once more',
      asked: { retry: 1, workload: rolled },
      decides: 'roll',
      with: { mark: 'abc-trust.1' },
    },
    {
      name: 'is not rolled again for the same retry',
      asked: { retry: 1, workload: { ...rolled, mark: 'abc-trust.1' } },
      ...straggles('OutdatedAfterRollout'),
    },
    {
      name: 'whose template was put back is rewritten once more',
      asked: { retry: 1, staleTemplate: true, workload: rolled },
      decides: 'roll',
      with: { mark: 'abc-trust.1' },
    },
    {
      name: 'of this run is rolled once more though a retry of an earlier run has left the same number',
      asked: { retry: 1, run: '0f5e9c1a-now', workload: { ...rolled, mark: 'abc-trust.1.77777777' } },
      decides: 'roll',
      with: { mark: 'abc-trust.1.0f5e9c1a' },
    },
    {
      name: 'is not rolled again by a ghost that knows of fewer retries',
      asked: { retry: 1, run: '0f5e9c1a-now', workload: { ...rolled, mark: 'abc-trust.2.0f5e9c1a' } },
      ...straggles('OutdatedAfterRollout'),
    },
    {
      name: 'that had not been rolled in this phase carries the retry from its first roll: no second follows by itself',
      asked: { retry: 1 },
      decides: 'roll',
      with: { mark: 'abc-trust.1' },
    },
    {
      name: 'that was rolled by a retry of an earlier run is not rolled again unasked',
      asked: { run: '0f5e9c1a-now', workload: { ...rolled, mark: 'abc-trust.1.77777777' } },
      ...straggles('OutdatedAfterRollout'),
    },
    {
      name: 'whose pods came back without a proxy is rolled once more',
      asked: { retry: 1, workload: { ...rolled, wanted: 3 }, outdated: 0, lost: 1, lostSince: LONG_AGO },
      decides: 'roll',
      with: { mark: 'abc-trust.1' },
    },
    {
      name: 'is not rewritten again for the same retry',
      asked: { retry: 1, staleTemplate: true, workload: { ...rolled, mark: 'abc-trust.1' } },
      ...straggles('TemplateReverted'),
    },
  ])('$name', decides);
});

describe('a workload with anchors in its template', () => {
  it.each<Case>([
    {
      name: 'is rewritten though it has no pods: the next ones come from it',
      asked: { outdated: 0, staleTemplate: true },
      decides: 'roll',
    },
    {
      name: 'is a straggler when somebody has put the old ones back',
      asked: { staleTemplate: true, workload: rolled },
      ...straggles('TemplateReverted'),
    },
  ])('$name', decides);
});

describe('a workload whose pods only an eviction replaces', () => {
  const refused = (since: string): Refusal => ({
    reason: 'EvictionBlocked',
    message: 'the budget is 0',
    since,
    final: false,
  });
  it.each<Case>([
    {
      name: 'is a straggler where evictions are not allowed, with the reason it needs them',
      asked: { workload: evicted },
      ...straggles('NeedsEviction', { message: expect.stringContaining('OnDelete') as string }),
    },
    { name: 'is left alone when no pod falls short', asked: { workload: evicted, outdated: 0 }, decides: 'nothing' },
    {
      name: 'loses a pod where evictions are allowed',
      asked: { workload: evicted, deletePods: true },
      decides: 'evict',
    },
    {
      name: 'is a straggler when those that come in the place of evicted pods fall short as well',
      asked: { workload: { ...evicted, wanted: 3 }, deletePods: true, evictions: 6 },
      ...straggles('OutdatedAfterRollout', { message: '6 pods were evicted, and 2 of its pods still fall short' }),
    },
    {
      name: 'loses one pod at a time',
      asked: { workload: evicted, deletePods: true, leaving: 1 },
      decides: 'wait',
    },
    {
      name: 'loses none while a new one cannot be read',
      asked: { workload: { ...evicted, markedAt: JUST_NOW }, deletePods: true, starting: 1 },
      decides: 'wait',
    },
    {
      name: 'loses none while another is not ready',
      asked: { workload: { ...evicted, rolledOut: false }, deletePods: true },
      decides: 'wait',
    },
    {
      name: 'is tried again when its budget has just refused',
      asked: { workload: evicted, deletePods: true, refused: refused(JUST_NOW) },
      decides: 'evict',
      with: { refused: 'the budget is 0' },
    },
    {
      name: 'is a straggler when its budget refuses for longer than a rollout may take',
      asked: { workload: evicted, deletePods: true, refused: refused(LONG_AGO) },
      ...straggles('EvictionBlocked', { message: 'the budget is 0' }),
    },
    {
      name: 'is a straggler at once when it has two budgets: no eviction will ever pass',
      asked: {
        workload: evicted,
        deletePods: true,
        refused: { ...refused(JUST_NOW), final: true, message: 'more than one PodDisruptionBudget' },
      },
      ...straggles('EvictionBlocked', { message: 'more than one PodDisruptionBudget' }),
    },
    {
      name: 'is a straggler when another of its pods is not ready for longer than a rollout may take',
      asked: { workload: { ...evicted, rolledOut: false }, deletePods: true, firstSeen: LONG_AGO },
      ...straggles('RolloutStuck'),
    },
    {
      name: 'is not timed by a mark of another phase',
      asked: {
        workload: { ...evicted, rolledOut: false, mark: 'xyz-retire', markedAt: LONG_AGO },
        deletePods: true,
        firstSeen: JUST_NOW,
      },
      decides: 'wait',
    },
    {
      name: 'is a straggler when its new proxies come and go unread, and the old ones remain',
      asked: { workload: evicted, deletePods: true, starting: 1, unreadSince: JUST_NOW, firstSeen: LONG_AGO },
      ...straggles('ProxyUnreadable'),
    },
    {
      name: 'is a straggler when a pod that was evicted does not end',
      asked: { workload: evicted, deletePods: true, leaving: 1, leavesFirst: { pod: 'db-0', at: LONG_AGO } },
      ...straggles('TerminatingStuck', { message: expect.stringContaining('db-0') as string }),
    },
    {
      name: 'is a straggler when evicted pods came back without a proxy, with a hint that no roll can help',
      asked: { workload: { ...evicted, wanted: 2 }, outdated: 0, lost: 1, lostSince: LONG_AGO, retry: 1 },
      ...straggles('ProxyLost', { hint: expect.stringContaining('delete the pods') as string }),
    },
  ])('$name', decides);
});

describe('a CronJob', () => {
  it.each<Case>([
    {
      name: 'is a straggler while a run that has begun falls short',
      asked: { workload: cronJob },
      ...straggles('JobRunning'),
    },
    { name: 'is left alone when none does', asked: { workload: cronJob, outdated: 0 }, decides: 'nothing' },
  ])('$name', decides);
});

describe('staleTemplate', () => {
  it('names the workload whose next pods would have the wrong anchors', () => {
    expect(staleTemplate({ namespace: 'legacy', kind: 'CronJob', name: 'nightly' })).toMatchObject({
      reason: 'StaleTemplate',
      severity: 'block',
      subject: { kind: 'workload', name: 'legacy/CronJob/nightly' },
    });
  });
});

describe('a rollout of this phase', () => {
  const settled = { ...rolled, markedAt: LONG_AGO };
  const scaling = { ...settled, rolledOut: false, waitingFor: '2 of 3 new pods are available' };
  it.each<Case>([
    {
      name: 'that has lost proxies is a straggler, with numbers',
      asked: { workload: { ...rolled, wanted: 3 }, outdated: 0, lost: 2, lostSince: LONG_AGO },
      ...straggles('ProxyLost', { message: '2 of its 3 pods came back without a proxy' }),
    },
    {
      name: 'that seems to have lost proxies is counted again first',
      asked: { workload: { ...rolled, wanted: 3 }, outdated: 0, lost: 2 },
      decides: 'wait',
    },
    {
      name: 'makes no straggler of a later scale-up',
      asked: { workload: scaling, outdated: 0, firstSeen: JUST_NOW },
      decides: 'wait',
    },
    {
      name: 'does not wait for a later scale-up when its end has been seen',
      asked: { workload: scaling, outdated: 0, settled: true },
      decides: 'nothing',
    },
    {
      name: 'ends as a straggler when its last new pods do not come, also without a time of its mark',
      asked: { workload: { ...rolling, markedAt: 'never' }, outdated: 0, firstSeen: LONG_AGO },
      ...straggles('RolloutStuck'),
    },
    ...[undefined, 'garbage', '2999-01-01T00:00:00Z'].flatMap((markedAt): Case[] => {
      const { markedAt: _, ...unfinished } = rolling;
      const workload = {
        ...unfinished,
        ...(markedAt === undefined ? {} : { markedAt }),
        waitingFor: '0 of 2 new pods exist',
      };
      return [
        {
          name: `that somebody else has marked is stuck by our own clock, with a time of ${markedAt}`,
          asked: { workload, firstSeen: LONG_AGO },
          ...straggles('RolloutStuck', { message: '0 of 2 new pods exist' }),
        },
        {
          name: `that somebody else has marked is given its time, with a time of ${markedAt}`,
          asked: { workload, firstSeen: JUST_NOW },
          decides: 'wait',
        },
      ];
    }),
    {
      name: 'is given time where its mark says nothing of when',
      asked: { workload: { ...rolling, markedAt: 'never' }, firstSeen: JUST_NOW },
      decides: 'wait',
    },
    {
      name: 'names the pod that a StatefulSet does not replace because it never got ready',
      asked: { workload: { ...rolling, kind: 'StatefulSet', markedAt: LONG_AGO }, unready: 'db-1' },
      ...straggles('RolloutStuck', { hint: expect.stringContaining('delete pod db-1') as string }),
    },
  ])('$name', decides);
});

describe('a pod that does not end', () => {
  it.each<Case>([
    {
      name: 'is waited for while its grace lasts',
      asked: { outdated: 0, leaving: 1, leavesFirst: { pod: 'web-1', at: '2026-01-01T00:12:00Z' } },
      decides: 'wait',
    },
    {
      name: 'is waited for as long as a rollout may take',
      asked: { outdated: 0, leaving: 1, leavesFirst: { pod: 'web-1', at: JUST_NOW }, firstSeen: LONG_AGO },
      decides: 'wait',
    },
    {
      name: 'makes a straggler that names it and the time',
      asked: { outdated: 0, leaving: 2, leavesFirst: { pod: 'web-1', at: LONG_AGO } },
      ...straggles('TerminatingStuck', { message: expect.stringMatching(`web-1.*${LONG_AGO}`) as string }),
    },
    {
      name: 'makes a straggler also where its time is not known',
      asked: { outdated: 0, leaving: 1, firstSeen: LONG_AGO },
      ...straggles('TerminatingStuck'),
    },
    {
      name: 'does not keep its workload from being rolled',
      asked: { leaving: 1, leavesFirst: { pod: 'web-1', at: LONG_AGO } },
      decides: 'roll',
    },
  ])('$name', decides);
});

describe('a proxy that cannot be read, of a workload that was not rolled in this phase', () => {
  const unread = { outdated: 0, starting: 1, startingBecause: 'no answer' };
  const stale: WorkloadSnapshot = { ...rolled, mark: 'abc-trust', markedAt: LONG_AGO };
  it.each<Case>([
    { name: 'is given time from when it was seen first', asked: unread, decides: 'wait' },
    {
      name: 'is given it also where the mark of another phase is old',
      asked: { ...unread, mark: 'abc-renew', workload: stale, unreadSince: JUST_NOW },
      decides: 'wait',
    },
    {
      name: 'makes a straggler after that, though the workload has no mark',
      asked: { ...unread, unreadSince: LONG_AGO },
      ...straggles('ProxyUnreadable'),
    },
    {
      name: 'makes a straggler after that, though its controller still waits for it',
      asked: { ...unread, unreadSince: LONG_AGO, workload: { ...question.workload, rolledOut: false } },
      ...straggles('ProxyUnreadable'),
    },
    {
      name: 'is left to the gate when it is always another one',
      asked: { ...unread, unreadSince: JUST_NOW, firstSeen: LONG_AGO },
      decides: 'nothing',
    },
  ])('$name', decides);
});

describe('a workload that the API server refuses to change', () => {
  const refused: Refusal = { reason: 'RollRefused', message: 'denied by policy p', since: JUST_NOW, final: true };
  it.each<Case>([
    {
      name: 'is a straggler at once when an admission policy says so, in its words',
      asked: { refused },
      ...straggles('RollRefused', { message: 'denied by policy p' }),
    },
    {
      name: 'is tried again while a webhook cannot be asked',
      asked: { refused: { ...refused, final: false, message: 'failed calling webhook' } },
      decides: 'roll',
      with: { refused: 'failed calling webhook' },
    },
    {
      name: 'is a straggler when that lasts longer than a rollout may take',
      asked: { refused: { ...refused, final: false, since: LONG_AGO } },
      ...straggles('RollRefused'),
    },
    { name: 'is left alone when nothing falls short any more', asked: { refused, outdated: 0 }, decides: 'nothing' },
  ])('$name', decides);
});

describe('withoutInjector', () => {
  const heed = (decision: RolloutDecision, downSince: string | undefined) =>
    withoutInjector(decision, { downSince, stuckAfterMs: STUCK_AFTER_MS, now: NOW });
  it.each<RolloutDecision>([{ do: 'roll', mark: 'abc-trust' }, { do: 'evict' }])('lets nobody $do', (decision) => {
    expect(heed(decision, undefined)).toEqual({ do: 'wait', why: 'the proxy injector is not ready' });
    expect(heed(decision, JUST_NOW)).toMatchObject({ do: 'wait' });
  });
  it('makes a straggler when it stays away', () => {
    expect(heed({ do: 'evict' }, LONG_AGO)).toMatchObject({ do: 'straggle', reason: 'InjectorDown' });
  });
  it('leaves alone what is not about to be rolled', () => {
    expect(heed({ do: 'wait', why: 'w' }, LONG_AGO)).toEqual({ do: 'wait', why: 'w' });
  });
});
