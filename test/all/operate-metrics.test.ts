import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startWorkerProcess, type WorkerProcess } from '../../sandbox/kit/index.js';
import type { Counts } from '../../src/rotation/census.js';
import type { Overview } from '../../src/rotation/overview.js';
import type { PlanResult } from '../../src/rotation/payloads.js';
import { approve, expectNoRefusal, type OwnMesh, ownMesh } from '../integration/own-mesh.js';
import { eventually, reportOf, statusWhere } from '../integration/support.js';
import { findKey } from '../key-search.js';

/** What a worker serves while a rotation goes by. Leaves are short: proxies present both chains after half a minute. */
describe('a worker that is looked at', () => {
  const env = { REROOT_HTTP_ADDRESS: '127.0.0.1:0', REROOT_LOOK_INTERVAL_S: '1' };
  /** Every word that was answered, to be searched for keys. */
  const answered = new Set<string>();
  const keys = new Set<string>();
  let mesh: OwnMesh;
  beforeAll(async () => {
    mesh = await ownMesh();
    await mesh.changeWorker(undefined, env);
  });
  afterAll(async () => await mesh.stop());

  const urls = () =>
    [...readFileSync(mesh.worker().logFile, 'utf8').matchAll(/"http":"(http:[^"]+)"/g)].map(([, url]) => url);
  const get = async (path: string, url = urls().at(-1)) => {
    const response = await fetch(`${url}${path}`);
    const text = await response.text();
    for (const word of text.split(/[^\w+/=-]+/)) answered.add(word);
    return { status: response.status, text };
  };
  const overview = async (url?: string) => JSON.parse((await get('/overview.json', url)).text) as Overview;
  const overviewWhere = async (what: string, holds: (seen: Overview) => boolean) =>
    await eventually(what, async () => {
      const seen = await overview();
      return holds(seen) ? seen : undefined;
    });
  /** Values of a metric, by its labels beside the cluster. */
  const metric = async (name: string) => {
    const lines = (await get('/metrics')).text.split('\n').filter((line) => line.startsWith(`${name}{`));
    const entries = lines.map((line) => /\{(.*)\} (\S+)$/.exec(line) ?? []);
    return Object.fromEntries(
      entries.map(([, labels = '', value]) => [labels.replace(/cluster="default",?/, ''), Number(value)]),
    );
  };
  const restarted = async () => {
    const before = urls().length;
    await mesh.changeWorker(undefined, env);
    await eventually('the next worker', async () => await Promise.resolve(urls().length > before));
  };
  const proxies = async () => (await mesh.sandbox.mesh.status()).proxies;
  const total = ({ mesh: seen }: Overview, of: 'trusts' | 'presents'): Partial<Counts> => {
    const sums: Partial<Counts> = {};
    for (const namespace of seen?.namespaces ?? [])
      for (const [holding, count] of Object.entries(namespace[of]) as [keyof Counts, number][])
        if (count > 0) sums[holding] = (sums[holding] ?? 0) + count;
    return sums;
  };
  const noteKeys = async () => {
    for (const name of ['linkerd-identity-issuer', 'reroot-rotation', 'reroot-trust-root'])
      for (const text of Object.values(await mesh.secret(name))) if (text.includes('PRIVATE KEY')) keys.add(text);
  };

  it('between rotations it shows what proxies hold, when certificates end, and no rotation', async () => {
    await noteKeys();
    await eventually('a worker that serves', async () => (await get('/readyz')).status === 200);
    expect((await get('/livez')).status).toBe(200);
    const count = (await proxies()).length;
    const seen = await overviewWhere('a look', (one) => total(one, 'presents').old === count);
    expect(total(seen, 'trusts')).toEqual({ old: count });
    expect(seen.problems).toEqual([]);
    expect(seen).toMatchObject({ cluster: 'default', linkerdNamespace: 'linkerd', timeline: [] });
    expect(seen.rotation).toBeUndefined();
    expect(seen.certificates.map(({ kind, role }) => [kind, role])).toEqual([
      ['anchor', 'inUse'],
      ['issuer', undefined],
    ]);
    expect(await metric('reroot_rotation_phase')).toEqual({});
    expect(Object.keys(await metric('reroot_build_info'))).toEqual([`version="${seen.version}"`]);
    const shop = seen.mesh?.namespaces.find(({ namespace }) => namespace === 'shop')?.proxies;
    expect(await metric('reroot_proxies')).toMatchObject({
      'namespace="shop",evidence="trusts",state="old"': shop,
      'namespace="shop",evidence="presents",state="old"': shop,
    });
    const [[, end] = []] = Object.entries(await metric('reroot_issuer_not_after_timestamp_seconds'));
    expect(end).toBe(Date.parse(seen.certificates[1]?.notAfter ?? '') / 1000);
  });

  it('without the right to its timeline it says so, and preflight does not', async () => {
    const at = { name: 'reroot', namespace: 'linkerd' };
    const { rules = [] } = await mesh.k8s.rbac.readNamespacedRole(at);
    const index = rules.findIndex(({ resourceNames = [] }) => resourceNames.includes('reroot-timeline'));
    await mesh.k8s.rbac.patchNamespacedRole({ ...at, body: [{ op: 'remove', path: `/rules/${index}` }] });
    await restarted();
    const { findings } = (await (await mesh.start({ planOnly: true })).result()) as PlanResult;
    expect(findings.filter(({ severity }) => severity === 'block')).toEqual([]);
    const { problems } = await overviewWhere('a problem', (one) => one.problems.length > 0);
    expect(problems).toEqual([expect.stringMatching(/^The timeline cannot be read: .*reroot-timeline.*forbidden/)]);
    await mesh.k8s.rbac.patchNamespacedRole({ ...at, body: [{ op: 'add', path: '/rules/-', value: rules[index] }] });
    await restarted();
    await overviewWhere('no problem', (one) => one.mesh !== undefined && one.problems.length === 0);
  });

  it('in a rotation it shows phase, wait and census; its timeline survives its death, and every replica shows the same', async () => {
    await mesh.sandbox.mesh.setProbe({ reset: true });
    const rotation = await mesh.start({ strategy: 'bridge' });
    const { waiting } = await statusWhere(rotation, 'the approval', (status) => status.waiting?.kind === 'approval');
    await noteKeys();
    const count = (await proxies()).length;
    const seen = await overviewWhere(
      'all proxies to present both',
      (one) =>
        one.rotation?.status?.waiting?.kind === 'approval' &&
        one.timeline.at(-1)?.phase === 'approve' &&
        total(one, 'presents').both === count,
    );
    const both = (await proxies()).filter(({ anchors }) => anchors.length === 2).length;
    expect(total(seen, 'trusts')).toEqual({ old: count - both, ...(both > 0 ? { both } : {}) });
    expect(seen.rotation).toMatchObject({ workflowId: rotation.workflowId, status: { phase: 'approve' } });
    expect(seen.certificates.map(({ kind, role }) => `${kind} ${role ?? ''}`).toSorted()).toEqual([
      'anchor new',
      'anchor old',
      'bridge ',
      'issuer ',
    ]);
    expect(seen.mesh?.stale.reduce((sum, { proxies: stale }) => sum + stale, 0)).toBe(count - both);
    const phases = await metric('reroot_rotation_phase');
    expect(Object.keys(phases).filter((labels) => phases[labels] === 1)).toEqual(['phase="approve"']);
    expect(Object.keys(phases)).toContain('phase="retire"');
    expect(Object.keys(await metric('reroot_rotation_info'))).toEqual([
      `workflow_id="${rotation.workflowId}",strategy="bridge",plan_hash="${waiting?.planHash}"`,
    ]);
    expect(Object.keys(await metric('reroot_rotation_waiting_since_timestamp_seconds'))).toEqual(['kind="approval"']);
    expect(await metric('reroot_rotation_past_point_of_no_return')).toEqual({ '': 0 });
    expect(Object.keys(await metric('reroot_bridge_not_after_timestamp_seconds'))).toHaveLength(1);
    expect((await metric('reroot_step_duration_seconds_count'))['step="preflight",outcome="ok"']).toBe(1);
    expect((await metric('reroot_api_requests_total'))['verb="GET",resource="pods",code="200"']).toBeGreaterThan(1);

    const [first] = seen.timeline;
    expect(seen.timeline.map(({ phase }) => phase)).toEqual(expect.arrayContaining(['renew', 'approve']));
    await mesh.worker().kill();
    await restarted();
    const again = await overviewWhere('the timeline', ({ timeline }) => timeline.length >= seen.timeline.length);
    expect(again.timeline[0]).toEqual(first);
    const here = urls().at(-1);
    const replicas = urls().length;
    const second: WorkerProcess = startWorkerProcess(mesh.sandbox, env);
    try {
      const there = await eventually('another replica', async () => await Promise.resolve(urls()[replicas]));
      const [one, other] = await eventually('both to have looked', async () => {
        const shown = [(await overview(here)).timeline, (await overview(there)).timeline] as const;
        return shown.every(({ length }) => length > again.timeline.length) && shown;
      });
      const shared = Math.min(one.length, other.length); // the newest point may be of the other's next look
      expect(other.slice(0, shared)).toEqual(one.slice(0, shared));
    } finally {
      await second.stop();
    }
    await restarted();
    await approve(rotation, waiting?.planHash);
    expect((await reportOf(rotation)).outcome).toBe('completed');
  });

  it('afterwards it shows the report, the new root alone, and the whole way there', async () => {
    await noteKeys();
    const seen = await overviewWhere(
      'the end',
      (one) => one.rotation === undefined && one.timeline.at(-1)?.phase === undefined && one.report !== undefined,
    );
    const count = (await proxies()).length;
    expect(seen.report?.outcome).toBe('completed');
    expect(total(seen, 'trusts')).toEqual({ old: count }); // what is in use is the old one of the next rotation
    expect(total(seen, 'presents')).toEqual({ old: count });
    expect(seen.mesh?.stale).toEqual([]);
    expect(seen.certificates).toMatchObject([
      { kind: 'anchor', role: 'inUse', fingerprint: seen.report?.newRoot.fingerprint },
      { kind: 'issuer', fingerprint: seen.report?.newIssuer?.fingerprint },
    ]);
    const last = seen.timeline.at(-1);
    expect([last?.trusts.new, last?.presents.new]).toEqual([count, count]);
    expect(await metric('reroot_rotation_phase')).toEqual({});
    expect(await metric('reroot_last_rotation_finished_timestamp_seconds')).toEqual({
      'outcome="completed"': Date.parse(seen.report?.finishedAt ?? '') / 1000,
    });
    await expectNoRefusal(mesh);
  });

  it('nothing of a private key is in any answer', async () => {
    for (const path of ['/', '/page', '/overview.json', '/metrics', '/livez', '/readyz']) await get(path);
    expect(keys.size).toBeGreaterThanOrEqual(2);
    const text = [...answered].join('\n');
    expect([...keys].filter((pem) => findKey(text, pem) !== undefined)).toEqual([]);
    expect(text).not.toMatch(/-----|^PRIVATE$|^MII[A-Z]/m);
    expect(text, 'what is said of certificates').toMatch(/^[0-9a-f]{64}$/m);
  });
});
