import { describe, expect, it } from 'vitest';
import { type Notice, NEWS_MS, noticesOf } from '../../../src/operate/notices.js';
import type { Overview } from '../../../src/rotation/overview.js';
import type { RotationStatus } from '../../../src/rotation/status.js';
import type { ScheduledLook } from '../../../src/rotation/scheduled-watch.js';
import { WAITS } from '../../../src/rotation/waits.js';
import type { WatchReport, WatchStatus } from '../../../src/rotation/watch-status.js';
import { certificate, completed, inDays, minutesAgo, NOON, quiet, rotating, running, wait } from './support.js';

const reasons = (overview: Overview): string[] => noticesOf(overview).map(({ reason }) => reason);
const one = (overview: Overview): Notice => {
  const [notice, ...others] = noticesOf(overview);
  if (!notice) throw new Error('nothing is told');
  expect(others).toEqual([]);
  return notice;
};

const retiring = (startedAt: string): Partial<RotationStatus> => ({
  phase: 'retire',
  pastPointOfNoReturn: true,
  phases: [...running.phases.slice(0, 2), { phase: 'retire', state: 'running', startedAt }],
});
const begun = (finishedAt: string): Partial<RotationStatus> => ({
  phases: [{ phase: 'preflight', state: 'done', finishedAt }],
});
const reverted = wait({ kind: 'paused', for: WAITS.reverted.for, todo: WAITS.reverted.todo });
const undone = {
  reason: 'HandOffUndone',
  severity: 'block' as const,
  message: 'the new root is gone from it; last written by argocd',
  subject: { kind: 'object' as const, name: 'ConfigMap linkerd/linkerd-identity-trust-roots' },
};
const gate = {
  passed: false,
  proxies: 3,
  proven: 2,
  waived: 0,
  namespaces: [],
  reverted: [undone],
  findings: [],
  at: NOON,
};
const alert = {
  reason: 'BridgeEnding',
  message: 'The bridge certificate ends soon.',
  since: minutesAgo(5),
  deadline: inDays(1),
};

const watch: WatchStatus = {
  workflowId: 'trust-root-prod-watch',
  cluster: 'prod',
  startedAt: minutesAgo(9999),
  every: 3_600_000,
  onRenewal: 'ask',
  notes: [],
};

const seen: WatchReport = {
  cluster: 'prod',
  seen: 'the root lasts',
  look: { at: NOON, linkerdNamespace: 'linkerd', clusterUid: 'uid', inUse: [] },
  notes: [],
};
const scheduled = (last: Partial<ScheduledLook>): Overview => ({
  ...quiet,
  schedule: {
    scheduleId: 'watch-trust-root-prod',
    running: [],
    last: { workflowId: 'watch-1', runId: 'run-1', at: minutesAgo(60), ...last },
  },
});

describe('what is told', () => {
  it.each<[string, Overview, string[]]>([
    ['nothing of a quiet cluster', quiet, []],
    ['nothing of a rotation that goes on', rotating(), []],
    ['nothing of one that no worker answers for', { ...quiet, rotation: { workflowId: 'w', runId: 'r' } }, []],
    ['nothing in preflight', rotating({ phases: [{ phase: 'preflight', state: 'running', startedAt: NOON }] }), []],
    ['that it has begun', rotating(begun(minutesAgo(1))), ['RotationStarted']],
    ['not that it has begun long ago', rotating(begun(minutesAgo(51))), []],
    ['that it asks', rotating({ waiting: wait({ kind: 'approval', planHash: 'c0' }) }), ['ApprovalRequired']],
    ['the point of no return', rotating(retiring(minutesAgo(1))), ['PointOfNoReturnPassed']],
    ['not a point of no return of long ago', rotating(retiring(minutesAgo(51))), []],
    ['no point of no return of the issuer alone', rotating({ pastPointOfNoReturn: true, phases: [] }), []],
    [
      'no point of no return on the way back',
      rotating({ ...retiring(NOON), aborted: { at: NOON, phase: 'trust' } }),
      [],
    ],
    ['that it needs attention', rotating({ waiting: wait() }), ['RotationStuck']],
    [
      'that somebody has paused it',
      rotating({ waiting: wait({ kind: 'paused', todo: WAITS.paused.todo }) }),
      ['RotationStuck'],
    ],
    ['that no worker comes', rotating({ waiting: wait({ kind: 'worker', since: minutesAgo(1) }) }), ['RotationStuck']],
    ['not that a worker restarts', rotating({ waiting: wait({ kind: 'worker', since: minutesAgo(0.9) }) }), []],
    ['not that proxies renew', rotating({ waiting: wait({ kind: 'renewal' }) }), []],
    ['not that a window is closed', rotating({ waiting: wait({ kind: 'window' }) }), []],
    ['a hand-off', rotating({ waiting: wait({ kind: 'handOff' }) }), ['HandOffRequired']],
    ['what another writer has put back, once', rotating({ waiting: reverted }), ['DriftDetected']],
    ['a hand-off that was put back', rotating({ gate: { ...gate, phase: 'trust' } }), ['DriftDetected']],
    ['not of an earlier phase', rotating({ gate: { ...gate, phase: 'renew' } }), []],
    [
      'each kind of wait',
      rotating({ waiting: wait({ kind: 'handOff' }), alsoWaiting: [wait(), wait()] }),
      ['HandOffRequired', 'RotationStuck'],
    ],
    ['an alert by its own reason', rotating({ alerts: [alert] }), ['BridgeEnding']],
    ['a report that is new', { ...quiet, report: completed }, ['RotationCompleted']],
    ['not one that is older', { ...quiet, report: { ...completed, finishedAt: minutesAgo(50) } }, []],
    ['an abort', { ...quiet, report: { ...completed, outcome: 'aborted' } }, ['RotationAborted']],
    [
      'a failure',
      rotating({ outcome: 'failed', phases: [{ phase: 'trust', state: 'aborted', finishedAt: minutesAgo(1) }] }),
      ['RotationFailed'],
    ],
    [
      'a cancellation',
      rotating({ outcome: 'cancelled', phases: [{ phase: 'trust', state: 'aborted', finishedAt: minutesAgo(1) }] }),
      ['RotationFailed'],
    ],
    ['not a failure of yesterday', rotating({ outcome: 'failed' }), []],
    ['that a watch asks', { ...quiet, watch: { ...watch, waiting: wait({ kind: 'approval' }) } }, ['ApprovalRequired']],
    ['that a watch needs somebody', { ...quiet, watch: { ...watch, waiting: wait() } }, ['WatchWaiting']],
    [
      'an alert of a watch',
      { ...quiet, watch: { ...watch, alerts: [{ ...alert, reason: 'WatchFailing' }] } },
      ['WatchFailing'],
    ],
    ['an alert of the last look of a Schedule', scheduled({ report: { ...seen, alerts: [alert] } }), [alert.reason]],
    ['a look of a Schedule that has failed', scheduled({ failure: 'no right to get secrets' }), ['WatchFailing']],
    ['not of a look that has none', scheduled({ report: seen }), []],
    [
      'not what is old while a look is under way',
      { ...scheduled({ report: { ...seen, alerts: [alert] } }), watch },
      [],
    ],
    ['an end that is near', { ...quiet, certificates: [certificate()] }, ['TrustAnchorExpiring']],
  ])('%s', (_what, overview, told) => expect(reasons(overview)).toEqual(told));

  it('what each look of a Schedule finds again, once', () => {
    const [first, later] = [minutesAgo(1500), minutesAgo(60)].map((at) => one(scheduled({ failure: 'no', at })));
    expect(first?.message).toContain('no. `reroot preflight` says more');
    expect(later?.key).toBe(first?.key);
    expect(later?.since).not.toBe(first?.since);
  });

  const mesh = { at: NOON, seconds: 1, namespaces: [], stale: [{ namespace: 'payments', proxies: 3 }] };

  it('proxies that differ from the bundle when nobody rotates, after they have for ten minutes', () => {
    const drift = one({ ...quiet, mesh, certificates: [certificate({ notAfter: inDays(900) })] });
    expect(drift).toMatchObject({ reason: 'DriftDetected', type: 'Warning', after: 600_000 });
    expect(drift.message).toContain('payments 3');
    expect(reasons(rotating({}, { mesh }))).toEqual([]);
  });

  it('is said in one line: what, since when, on whom, and what to do', () => {
    const { message } = one(rotating({ waiting: wait({ on: ['a\nb', 'c', 'd', 'e', 'f'] }) }));
    expect(message).toBe(
      'Rotation trust-root-prod of cluster prod waits for 2 proxies that do not meet the gate of trust since ' +
        `${minutesAgo(30)} (a b; c; d; and 2 more). Repair what is named.`,
    );
    expect(one(rotating({ waiting: wait({ kind: 'approval', planHash: 'c0ffee' }) })).message).toContain(
      'The plan is c0ffee.',
    );
  });

  it('says of a completed rotation what an auditor asks first', () => {
    expect(one({ ...quiet, report: completed }).message).toBe(
      `Rotation trust-root-prod of cluster prod has completed at ${minutesAgo(3)}: 47 proxies proven, root abababababab ` +
        `(root.new) until ${inDays(3650)}. The report is in ConfigMap reroot-report.`,
    );
  });
});

describe('the key of a notice', () => {
  const keyOf = (overview: Overview) => one(overview).key;
  const stuck = (change: Parameters<typeof wait>[0], at = NOON) => ({ ...rotating({ waiting: wait(change) }), at });

  it('stays, whatever else changes meanwhile', () => {
    const before = keyOf(stuck({}));
    expect(keyOf(stuck({ on: ['somebody else'] }, inDays(1)))).toBe(before);
    expect(keyOf({ ...stuck({}), rotation: { ...stuck({}).rotation!, runId: 'run-2' } })).toBe(before);
  });

  it.each<[string, Overview, Overview]>([
    ['another wait', stuck({}), stuck({ since: minutesAgo(1) })],
    ['another kind of wait', stuck({}), stuck({ kind: 'approval' })],
    ['another rotation of the same id', stuck({}), rotating({ waiting: wait(), startedAt: minutesAgo(100) })],
    ['another plan', stuck({ kind: 'approval', planHash: 'a' }), stuck({ kind: 'approval', planHash: 'b' })],
  ])('is another for %s', (_what, before, after) => expect(keyOf(after)).not.toBe(keyOf(before)));

  it('of several waits of a kind is that of the newest, and their message names them all', () => {
    const [older, newer] = [wait({ for: 'the older' }), wait({ for: 'the newer', since: minutesAgo(2) })];
    const notice = one(rotating({ waiting: older, alsoWaiting: [newer] }));
    expect(notice).toMatchObject({ since: minutesAgo(2), spacing: 300_000 });
    expect(notice.message).toMatch(/the older.*the newer/);
    expect(one(rotating({ waiting: newer, alsoWaiting: [older] })).key).toBe(notice.key);
  });

  it('of an end is the same by the report and by what the workflow says itself', () => {
    const status = {
      outcome: 'completed' as const,
      phases: [{ phase: 'finish' as const, state: 'done' as const, finishedAt: minutesAgo(3) }],
    };
    const said = one(rotating(status));
    expect(one(rotating(status, { report: completed }))).toMatchObject({ key: said.key, reason: 'RotationCompleted' });
    expect(one(rotating({ ...status, outcome: 'aborted' })).reason).toBe('RotationAborted');
  });
});

it('is news for less long than an API server keeps the Event that says it was told', () => {
  expect(NEWS_MS).toBeLessThan(3_600_000);
});
