import { readFileSync } from 'node:fs';
import path from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { GAUGES, seriesOf } from '../../../src/operate/gauges.js';
import { createMetrics, type Metrics } from '../../../src/operate/metrics.js';
import { noCounts } from '../../../src/rotation/census.js';
import type { Overview } from '../../../src/rotation/overview.js';
import type { RotationReport } from '../../../src/rotation/report.js';
import type { RotationStatus } from '../../../src/rotation/status.js';
import type { WatchStatus } from '../../../src/rotation/watch-status.js';

const AT = '2026-01-01T00:00:00.000Z';
const SECONDS = Date.parse(AT) / 1000;
const later = (seconds: number) => new Date(Date.parse(AT) + seconds * 1000).toISOString();

const CALM: Overview = {
  ...{ at: AT, cluster: 'prod', apiServer: 'https://api', version: '1.0.0', linkerdNamespace: 'linkerd' },
  ...{ timeline: [], certificates: [], problems: [] },
};

const wait = (kind: string, since: string) => ({ kind, since, for: '', on: [], todo: '' });
const alert = (reason: string, since: string) => ({ reason, since, message: '' });
const straggler = (reason: string) => ({ reason, severity: 'block', message: '', subject: { name: 'x' } });

const STATUS = {
  ...{ workflowId: 'w', cluster: 'prod', strategy: 'bridge', phase: 'renew', outcome: 'running', startedAt: AT },
  ...{ pastPointOfNoReturn: false, namespaces: [], waivers: [], approvals: [], notes: [], plan: { hash: 'abc' } },
  phases: ['trust', 'renew', 'retire'].map((phase) => ({ phase, state: 'pending' })),
  stragglers: [straggler('Late'), straggler('Late'), straggler('Unreachable')],
  waiting: wait('attention', later(5)),
  alsoWaiting: [wait('attention', later(2)), wait('handOff', later(3))],
  alerts: [alert('LeavesEnd', later(9))],
} as unknown as RotationStatus;

const ROTATING: Overview = {
  ...CALM,
  rotation: { workflowId: 'w', runId: 'r', status: STATUS },
  watch: { alerts: [alert('LeavesEnd', later(4)), alert('RootRenewed', later(6))] } as unknown as WatchStatus,
  mesh: {
    ...{ at: AT, seconds: 1.5, stale: [{ namespace: 'shop', proxies: 2 }] },
    namespaces: [
      {
        namespace: 'shop',
        proxies: 3,
        trusts: { ...noCounts(), both: 3 },
        presents: { ...noCounts(), old: 1, unknown: 2 },
      },
    ],
  },
  certificates: [
    { kind: 'anchor', role: 'new', fingerprint: 'f'.repeat(64), commonName: 'root', notBefore: AT, notAfter: later(1) },
    { kind: 'issuer', fingerprint: 'a'.repeat(64), commonName: 'issuer', notBefore: AT, notAfter: later(2) },
    { kind: 'bridge', fingerprint: 'b'.repeat(64), commonName: 'issuer', notBefore: AT, notAfter: later(3) },
  ],
  report: { outcome: 'aborted', finishedAt: later(7) } as RotationReport,
};

describe('gauges', () => {
  it('of a Schedule whose last look has failed', () => {
    const last = { workflowId: 'watch-1', runId: 'run-1', at: later(8), failure: 'no right' };
    const schedule = { scheduleId: 'watch', running: [], last };
    expect(seriesOf({ ...CALM, schedule })['reroot_alert_since_timestamp_seconds']).toEqual([
      { labels: { reason: 'WatchFailing' }, value: SECONDS + 8 },
    ]);
  });

  it('of a rotation', () => {
    expect(seriesOf(ROTATING)).toEqual({
      reroot_rotation_phase: [
        { labels: { phase: 'trust' }, value: 0 },
        { labels: { phase: 'renew' }, value: 1 },
        { labels: { phase: 'retire' }, value: 0 },
      ],
      reroot_rotation_info: [{ labels: { workflow_id: 'w', strategy: 'bridge', plan_hash: 'abc' }, value: 1 }],
      reroot_rotation_started_timestamp_seconds: [{ value: SECONDS }],
      reroot_rotation_past_point_of_no_return: [{ value: 0 }],
      reroot_rotation_waiting_since_timestamp_seconds: [
        { labels: { kind: 'attention' }, value: SECONDS + 2 },
        { labels: { kind: 'handOff' }, value: SECONDS + 3 },
      ],
      reroot_rotation_stragglers: [
        { labels: { reason: 'Late' }, value: 2 },
        { labels: { reason: 'Unreachable' }, value: 1 },
      ],
      reroot_alert_since_timestamp_seconds: [
        { labels: { reason: 'LeavesEnd' }, value: SECONDS + 4 },
        { labels: { reason: 'RootRenewed' }, value: SECONDS + 6 },
      ],
      reroot_last_rotation_finished_timestamp_seconds: [{ labels: { outcome: 'aborted' }, value: SECONDS + 7 }],
      reroot_proxies: [
        { labels: { namespace: 'shop', evidence: 'presents', state: 'old' }, value: 1 },
        { labels: { namespace: 'shop', evidence: 'trusts', state: 'both' }, value: 3 },
        { labels: { namespace: 'shop', evidence: 'presents', state: 'unknown' }, value: 2 },
      ],
      reroot_stale_proxies: [{ labels: { namespace: 'shop' }, value: 2 }],
      reroot_look_timestamp_seconds: [{ value: SECONDS }],
      reroot_look_duration_seconds: [{ value: 1.5 }],
      reroot_trust_anchor_not_after_timestamp_seconds: [
        { labels: { fingerprint: 'ffffffffffff', common_name: 'root', role: 'new' }, value: SECONDS + 1 },
      ],
      reroot_issuer_not_after_timestamp_seconds: [{ labels: { fingerprint: 'aaaaaaaaaaaa' }, value: SECONDS + 2 }],
      reroot_bridge_not_after_timestamp_seconds: [{ labels: { fingerprint: 'bbbbbbbbbbbb' }, value: SECONDS + 3 }],
    });
  });
  it('of one that nobody answers for, there is its name', () => {
    const { rotation: _, ...rest } = ROTATING;
    const series = seriesOf({ ...rest, rotation: { workflowId: 'w', runId: 'r' } });
    expect(series.reroot_rotation_info).toEqual([
      { labels: { workflow_id: 'w', strategy: '', plan_hash: '' }, value: 1 },
    ]);
    expect(series.reroot_rotation_phase).toBeUndefined();
  });
  it('of one that has failed there are none', () => {
    const rotation = { workflowId: 'w', runId: 'r', status: { ...STATUS, outcome: 'failed' as const } };
    expect(Object.keys(seriesOf({ ...CALM, rotation })).filter((name) => name.startsWith('reroot_rotation'))).toEqual(
      [],
    );
  });
});

describe('metrics', () => {
  let metrics: Metrics;
  beforeEach(() => (metrics = createMetrics({ cluster: 'prod', version: '1.0.0' })));
  const lines = async () => (await metrics.exposition()).text.split('\n').filter((line) => line.startsWith('reroot_'));

  it('a series of what is gone goes', async () => {
    metrics.show(ROTATING);
    expect(await lines()).toContain('reroot_rotation_phase{cluster="prod",phase="renew"} 1');
    expect(await lines()).toContain('reroot_proxies{cluster="prod",namespace="shop",evidence="trusts",state="both"} 3');
    metrics.show(CALM);
    expect((await lines()).filter((line) => /^reroot_(rotation|proxies|stale|trust|bridge|alert)/.test(line))).toEqual(
      [],
    );
  });
  it('count steps, requests, notices and looks that have failed', async () => {
    metrics.stepEnded('checkGate', 'failed', 20);
    metrics.answered({ verb: 'GET', resource: 'pods', code: '200' });
    metrics.noticed('webhook', 'sent');
    metrics.lookFailed();
    const said = await lines();
    for (const line of [
      'reroot_build_info{version="1.0.0"} 1',
      'reroot_step_duration_seconds_bucket{le="15",cluster="prod",step="checkGate",outcome="failed"} 0',
      'reroot_step_duration_seconds_bucket{le="60",cluster="prod",step="checkGate",outcome="failed"} 1',
      'reroot_api_requests_total{cluster="prod",verb="GET",resource="pods",code="200"} 1',
      'reroot_notices_total{cluster="prod",channel="webhook",outcome="sent"} 1',
      'reroot_look_failures_total{cluster="prod"} 1',
    ])
      expect(said).toContain(line);
    expect((await metrics.exposition()).text).toContain('process_cpu_seconds_total');
  });
  it('a name with quotes in it stays one label', async () => {
    const certificate = ROTATING.certificates[0];
    metrics.show({ ...CALM, certificates: certificate ? [{ ...certificate, commonName: 'a"} 1\nfake' }] : [] });
    expect((await lines()).filter((line) => line.includes('fake'))).toEqual([
      String.raw`reroot_trust_anchor_not_after_timestamp_seconds{cluster="prod",fingerprint="ffffffffffff",common_name="a\"} 1\nfake",role="new"} ${SECONDS + 1}`,
    ]);
  });
  it('are in the table of docs/operate.md, all of them and no others', async () => {
    const docs = readFileSync(path.resolve(import.meta.dirname, '../../../docs/operate.md'), 'utf8');
    const documented = [...docs.matchAll(/^\| `(reroot_\w+)`/gm)].map(([, name]) => name);
    const counted = [...(await metrics.exposition()).text.matchAll(/^# TYPE (reroot_\w+)/gm)].map(([, name]) => name);
    expect(new Set(documented)).toEqual(new Set(counted));
    expect(counted).toEqual(expect.arrayContaining(GAUGES.map(({ name }) => name)));
  });
});
