import { createServer, type Server } from 'node:http';
import { Client, Connection, type WorkflowHandle } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Sandbox, startSandbox, startWorkerProcess, type WorkerProcess } from '../../sandbox/kit/index.js';
import { panelsOf, withVariables } from '../dashboard.js';
import { debian } from '../debian.js';
import { approve, seenThrough, SHORT_LEAVES } from '../integration/own-mesh.js';
import { eventually, ROTATION_MS, statusWhere, TIMING } from '../integration/support.js';
import { freePort, type Prometheus, startPrometheus } from './prometheus.js';

/** A real Prometheus scrapes a worker through a whole rotation: what the dashboard asks has answers. */

const { missing, files } = debian('prometheus');
const CLUSTER = 'default';

/** What a rotation that goes well has none of: shown to have data by series of another process, which says what a worker would. */
const EMPTY_BY_NATURE: Record<string, { why: string; recorded: string }> = {
  Stragglers: {
    why: 'every proxy meets each gate',
    recorded: 'reroot_rotation_stragglers{cluster="recorded",reason="ProxyUnreadable"} 2',
  },
  'What reroot alerts of': {
    why: 'nothing is wrong',
    recorded: 'reroot_alert_since_timestamp_seconds{cluster="recorded",reason="BridgeEnding"} 1',
  },
  Notices: {
    why: 'nobody has configured a webhook, and Events are not among what is tested here',
    recorded: 'reroot_notices_total{cluster="recorded",channel="webhook",outcome="failed"} 1',
  },
};

describe.skipIf(missing)('a worker that Prometheus scrapes', () => {
  let sandbox: Sandbox;
  let worker: WorkerProcess;
  let prometheus: Prometheus;
  let recorded: Server;
  let connection: Connection;
  let from = 0;
  let to = 0;

  beforeAll(async () => {
    sandbox = await startSandbox({ apps: 'small', kubeletLagMs: 500, probeRate: 50, ...SHORT_LEAVES });
    const [served, other] = [await freePort(), await freePort()];
    const address = `127.0.0.1:${served}`;
    worker = startWorkerProcess(sandbox, { REROOT_HTTP_ADDRESS: address, REROOT_LOOK_INTERVAL_S: '1' });
    const lines = Object.values(EMPTY_BY_NATURE).map(({ recorded: line }) => `${line}\n`);
    recorded = createServer((_, response) => response.end(lines.join(''))).listen(other, '127.0.0.1');
    prometheus = await startPrometheus(files.prometheus, [address, `127.0.0.1:${other}`]);
    connection = await Connection.connect({ address: sandbox.temporal.address });
    from = Date.now();
    await rotateUnderEyes();
    to = Date.now() + 2000; // a range is of whole seconds from its start: what has come last is in it
  }, ROTATION_MS);

  afterAll(async () => {
    await connection?.close();
    await prometheus?.stop();
    recorded?.close();
    await worker?.stop();
    await sandbox?.stop();
  });

  /** A person who looks at the dashboard first, and then approves. */
  async function rotateUnderEyes(): Promise<void> {
    const handle: WorkflowHandle = await new Client({ connection }).workflow.start('rotateTrustRoot', {
      ...{ taskQueue: 'reroot', workflowId: 'on-the-dashboard' },
      args: [{ strategy: 'bridge', timing: TIMING }],
    });
    const { waiting } = await statusWhere(handle, 'approval', (status) => status.waiting?.kind === 'approval');
    await has('reroot_rotation_waiting_since_timestamp_seconds{kind="approval"}');
    await approve(handle, waiting?.planHash);
    expect((await seenThrough(handle)).outcome).toBe('completed');
    await has('reroot_last_rotation_finished_timestamp_seconds{outcome="completed"}');
    await eventually(
      'the end in the metrics',
      async () => (await prometheus.now('reroot_rotation_phase')).length === 0,
    );
  }

  async function has(query: string): Promise<void> {
    await eventually(query, async () => (await prometheus.now(query)).length > 0);
  }

  const panels = panelsOf().flatMap(({ title, queries }) => queries.map((query) => ({ title, query })));

  it.each(panels.filter(({ title }) => !(title in EMPTY_BY_NATURE)))(
    'fills the panel "$title": $query',
    async ({ query }) => {
      expect(numbersOf(await prometheus.range(withVariables(query, CLUSTER), from, to))).not.toEqual([]);
    },
  );

  it.each(panels.filter(({ title }) => title in EMPTY_BY_NATURE))(
    'fills the panel "$title" where there is what it shows: $query',
    async ({ query }) => {
      expect(numbersOf(await prometheus.range(withVariables(query, 'recorded'), from, to))).not.toEqual([]);
    },
  );

  it('says by the end that every proxy trusts and presents the new root alone', async () => {
    const { proxies } = await sandbox.mesh.status();
    for (const evidence of ['trusts', 'presents']) {
      const state = async () =>
        await prometheus.now(`sum by (state) (reroot_proxies{cluster="${CLUSTER}",evidence="${evidence}"})`);
      const seen = await eventually(evidence, async () => {
        const series = await state();
        return series.length === 1 && series;
      });
      // once nothing is under way the root in use counts as the old one: there is no newer
      expect(seen.map(({ values }) => values)).toEqual([[proxies.length]]);
    }
  });

  it('tells nothing of pods, and nothing secret', async () => {
    const names = await prometheus.now('count by (__name__) ({cluster="default"})');
    expect(names.length).toBeGreaterThan(10);
    const labels = await prometheus.now('{cluster="default"}');
    expect(labels.filter(({ metric }) => 'pod' in metric || 'pod_name' in metric)).toEqual([]);
  });

  it('takes the rules of the chart, and none of them fires on a rotation that goes well', async () => {
    const rules = await prometheus.rules();
    expect(rules.length).toBeGreaterThan(15);
    expect(rules.filter(({ health }) => health !== 'ok')).toEqual([]);
    const firing = await prometheus.range('ALERTS{alertstate="firing",cluster!="recorded"}', from, to);
    // the sandbox's certificates live for days
    const others = firing.filter(
      ({ metric }) => !/AnchorExpires|IssuerExpires|BridgeExpires/.test(metric['alertname'] ?? ''),
    );
    expect(others.map(({ metric }) => metric)).toEqual([]);
  });
});

/** That can be drawn: NaN cannot. */
function numbersOf(series: readonly { values: number[] }[]): number[] {
  return series.flatMap(({ values }) => values).filter((value) => Number.isFinite(value));
}
