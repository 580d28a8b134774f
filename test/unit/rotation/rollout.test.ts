import { describe, expect, it } from 'vitest';
import type { WorkloadSnapshot } from '../../../src/ground/workload.js';
import {
  decideRollout,
  isMarkOf,
  phaseMark,
  type RolloutDecision,
  type RolloutQuestion,
  staleTemplate,
  unrollableBecause,
} from '../../../src/rotation/rollout.js';

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
        workload: { ...rolled, markedAt: LONG_AGO },
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
  const refused = (since: string) => ({ message: 'the budget is 0', since });
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
      asked: { workload: evicted, deletePods: true, blocked: refused(JUST_NOW) },
      decides: 'evict',
      with: { refused: 'the budget is 0' },
    },
    {
      name: 'is a straggler when its budget refuses for longer than a rollout may take',
      asked: { workload: evicted, deletePods: true, blocked: refused(LONG_AGO) },
      ...straggles('EvictionBlocked', { message: 'the budget is 0' }),
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

describe('unrollableBecause', () => {
  it.each([
    ['Job', 'JobRunning', true],
    ['CronJob', 'JobRunning', true],
    ['StaticPod', 'StaticPod', false],
    ['Pod', 'BarePod', false],
    ['Rollout', 'CustomController', false],
    ['CloneSet', 'CustomController', false],
  ])('of a %s that reroot does not roll: %s', (kind, reason, ends) => {
    expect(unrollableBecause(undefined, kind, false)).toMatchObject({ reason, ends });
  });
  it('names the kind of a controller that it does not know', () => {
    expect(unrollableBecause(undefined, 'CloneSet', false)?.message).toContain('CloneSet');
  });
  it.each([
    ['nothing for one that is rolled', question.workload, false, undefined],
    ['JobRunning for a CronJob', cronJob, false, 'JobRunning'],
    ['NeedsEviction where evictions are not allowed', evicted, false, 'NeedsEviction'],
    ['nothing where they are', evicted, true, undefined],
  ])('says %s', (_what, workload, deletePods, reason) => {
    expect(unrollableBecause(workload, workload.kind, deletePods)?.reason).toBe(reason);
  });
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

describe('the mark of a phase', () => {
  it('is recognised also after a retry, and not in that of another phase', () => {
    const mark = phaseMark('abc', 'trust');
    expect(
      ['abc-trust', 'abc-trust.2', 'abc-trusted', 'abc-renew', undefined].map((found) => isMarkOf(found, mark)),
    ).toEqual([true, true, false, false, false]);
  });
});
