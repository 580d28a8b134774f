import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Client, Connection, ScheduleOverlapPolicy } from '@temporalio/client';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { sandboxEnvironment } from '../../sandbox/kit/index.js';
import { present } from '../../src/ground/present.js';
import { encode } from '../../src/kubernetes/base64.js';
import { readBundle } from '../../src/pki/bundle.js';
import { createIssuer } from '../../src/pki/issue.js';
import { parseKey, toSec1Pem } from '../../src/pki/key.js';
import { type WatchSeen, watchReader } from '../../src/operate/watch-seen.js';
import type { RotationReport } from '../../src/rotation/report.js';
import { watchAlertsOf } from '../../src/rotation/scheduled-watch.js';
import type { WatchReport } from '../../src/rotation/watch-status.js';
import { expectNoRefusal, type OwnMesh, ownMesh, seenThrough } from '../integration/own-mesh.js';
import { eventually, reroot, ROTATION_MS, statusWhere, TIMING } from '../integration/support.js';

/** Time shortened: a root that was made a year ago and expires within minutes, and looks that come every few seconds. */

const MINUTE_MS = 60_000;
const YEAR_MS = 365 * 86_400_000;
const ID = 'watch-trust-root-default';
const ROTATION = 'trust-root-default';
/** Long enough for a machine that has much else to do; the rotation is only begun with twice the time that it may take. */
const EXPIRING = { rootLifeMs: 30 * MINUTE_MS, rootAgeMs: YEAR_MS };
/** More than the root has left. */
const DUE = ['--before', '1h'];
/** Longest that a look takes, on such a machine. */
const LOOK_MS = 300_000;
const TEST_MS = LOOK_MS + 2 * ROTATION_MS;
const NOT_DUE = ['--before', '10s'];

let mesh: OwnMesh;
let connection: Connection;
let client: Client;
const folder = mkdtempSync(path.join(tmpdir(), 'reroot-schedule-'));
const input = path.join(folder, 'input.yaml');
writeFileSync(input, 'rotation: { strategy: bridge, timing: { poll: 250ms, issuerEvent: 20s } }\n');
afterAll(() => rmSync(folder, { recursive: true }));

const cli = async (...args: string[]) => {
  const { code, stdout, stderr } = await reroot(args, sandboxEnvironment(mesh.sandbox));
  if (code === 2) throw new Error(stderr);
  return { stdout, stderr };
};
const schedule = async (...args: string[]) => await cli('schedule', ...args);
const create = async (...args: string[]) => await schedule('create', '-f', input, ...args);
const shown = async () => JSON.parse((await schedule('show', '-o', 'json')).stdout) as WatchSeen;
const handle = () => client.schedule.getHandle(ID);
const looks = async () => (await handle().describe()).info.numActionsTaken;
const rotation = () => client.workflow.getHandle(ROTATION);

/** The report of a look that holds. */
async function lookWhere(what: string, holds: (report: WatchReport) => boolean): Promise<WatchReport> {
  return await eventually(
    what,
    async () => {
      const { last } = (await shown()).schedule ?? {};
      if (last?.report && holds(last.report)) return last.report;
      throw new Error(JSON.stringify(last).slice(0, 3000));
    },
    LOOK_MS,
  );
}

async function moreLooks(count: number): Promise<void> {
  const before = await looks();
  await eventually(`${count} looks more`, async () => (await looks()) >= before + count, LOOK_MS);
}

/** How many rotations there have been. */
async function rotations(): Promise<number> {
  let count = 0;
  for await (const { type } of client.workflow.list({ query: `WorkflowId = '${ROTATION}'` })) if (type) count += 1;
  return count;
}

async function begin(): Promise<void> {
  mesh = await ownMesh(EXPIRING);
  connection = await Connection.connect({ address: mesh.sandbox.temporal.address });
  client = new Client({ connection });
}

async function end(): Promise<void> {
  await connection.close();
  await mesh.stop();
}

async function clean(): Promise<void> {
  await handle()
    .delete()
    .catch(() => undefined);
  await mesh.endRotations();
}

describe('what cannot be scheduled', () => {
  it('is refused with everything that is wrong, before anything is made', async () => {
    const flags = ['--at', 'noon', '--every', '6h', '--before', 'soon', '--pace', 'organic', '--strategy', 'standard'];
    const { code, stderr } = await reroot(['schedule', 'create', ...flags]);
    expect(code).toBe(2);
    for (const part of [
      '--at, --every: say one of them',
      '--at: "noon"',
      'before: "soon"',
      'rotation.rollout.pace: organic',
    ])
      expect(stderr).toContain(part);
  });
  it.each(['create', 'show', 'trigger'])(
    'has no embedded server, which ends with its rotation: %s',
    async (command) => {
      const { code, stderr } = await reroot(['schedule', command], {
        TEMPORAL_ADDRESS: '',
        TEMPORAL_CONFIG_FILE: '/nowhere',
      });
      expect(code).toBe(2);
      expect(stderr).toContain('a Schedule lasts for months, and needs a Temporal server that does');
    },
  );
});

describe('a root that expires', { timeout: TEST_MS }, () => {
  beforeAll(begin, TEST_MS);
  beforeEach(async () => void (await mesh.sandbox.mesh.setProbe({ reset: true })));
  afterEach(clean);
  afterAll(end);

  it('is left alone until it is due, and while the Schedule is paused; then it is replaced without a person, once', async () => {
    const rollouts = await mesh.rolloutsSince();
    const made = await create('--every', '5s', '--approvals', 'none', ...NOT_DUE);
    expect(made.stderr).toContain(`Schedule ${ID} was created`);
    const early = await lookWhere('a look that finds nothing due', () => true);
    expect(early.rotation).toBeUndefined();
    expect(early.seen).toContain('nothing renews the root by itself');
    expect(early.alerts).toMatchObject([{ reason: 'WatchTooLate' }]);
    // as the page, the metrics and the notices of a worker have it
    const reader = watchReader({ client }, 'default');
    await eventually(
      'the alert of the last look',
      async () => {
        const { status, schedule: seen } = await reader();
        return (
          status === undefined &&
          watchAlertsOf(present({ schedule: seen })).map(({ reason }) => reason)[0] === 'WatchTooLate'
        );
      },
      LOOK_MS,
    );

    await schedule('pause', '--reason', 'change freeze');
    const { stderr } = await create('--every', '5s', '--approvals', 'none', ...DUE);
    expect(stderr).toContain('before: 1h, was 10s');
    expect(stderr).not.toContain('rotation.');
    const taken = await looks();
    const { schedule: paused } = await shown();
    expect(paused).toMatchObject({ paused: 'change freeze', when: 'every 5s' });
    await new Promise((resolve) => setTimeout(resolve, 15_000)); // three of its times
    expect(await looks()).toBe(taken);
    expect(await rotations()).toBe(0);

    await schedule('resume');
    await eventually('the rotation', async () => (await rotations()) === 1, LOOK_MS);
    const report = await eventually(
      'the end of the rotation',
      async () =>
        (await rotation().describe()).status.name === 'RUNNING'
          ? false
          : ((await rotation().result()) as RotationReport),
      ROTATION_MS,
    );
    expect(report.outcome).toBe('completed');
    expect(report.notes[0]).toMatch(/Watch watch-trust-root-default-.* has started this rotation: the root in use, /);
    expect((await mesh.certificates()).trusted).toEqual([report.newRoot.fingerprint]);

    const quiet = await lookWhere(
      'a look at the new root',
      ({ look }) => look.inUse[0]?.fingerprint === report.newRoot.fingerprint && look.rotating === undefined,
    );
    expect(quiet.rotation).toBeUndefined();
    expect(quiet.alerts ?? []).toEqual([]);
    expect(quiet.look.expiry).toMatchObject({
      hasRootKey: true,
      stale: [],
      owners: { bundle: 'reroot', issuer: 'reroot' },
    });
    await moreLooks(2);
    expect(await rotations()).toBe(1);
    expect(await rollouts()).toBe(1);
    await expectNoRefusal(mesh);
    expect((await cli('status')).stdout).toContain(`Schedule ${ID} looks at the root, next at `);
  });

  it('and then an issuer that does, by itself: no rollout', async () => {
    const { 'ca.crt': rootPem = '', 'ca.key': keyPem = '' } = await mesh.secret('reroot-trust-root');
    const [root] = readBundle(rootPem).certificates;
    if (!root) throw new Error('no root');
    const an = { commonName: 'identity.linkerd.cluster.local', validForMs: YEAR_MS + 15 * MINUTE_MS };
    const short = createIssuer({ ...an, root, rootKey: parseKey(keyPem), now: new Date(Date.now() - YEAR_MS) });
    await mesh.k8s.core.patchNamespacedSecret({
      ...{ name: 'linkerd-identity-issuer', namespace: 'linkerd' },
      body: [
        { op: 'replace', path: '/data/crt.pem', value: encode(short.certificate.pem) },
        { op: 'replace', path: '/data/key.pem', value: encode(toSec1Pem(short.privateKey)) },
      ],
    });
    const rollouts = await mesh.rolloutsSince();
    const before = await rotations();
    await create('--every', '5s', '--before', '20m');
    await eventually(
      'a rotation of the issuer',
      async () => (await rotation().describe()).type === 'rotateIssuer',
      LOOK_MS,
    );
    const report = (await rotation().result()) as RotationReport;
    expect(report).toMatchObject({
      outcome: 'completed',
      strategy: 'issuer',
      newRoot: { fingerprint: root.fingerprint },
    });
    const quiet = await lookWhere(
      'a look at the new issuer',
      ({ look }) => look.expiry?.issuer.fingerprint === report.newIssuer?.fingerprint && look.rotating === undefined,
    );
    expect(quiet.alerts ?? []).toEqual([]);
    await moreLooks(2);
    expect(await rotations()).toBe(before + 1);
    expect(await rollouts()).toBe(0);
    await expectNoRefusal(mesh);
  });
});

describe('where a person is to approve', { timeout: TEST_MS }, () => {
  beforeAll(begin, TEST_MS);
  afterEach(clean);
  afterAll(end);

  it('triggers and looks at once start one rotation, which waits and says so; aborted, no other is started unasked', async () => {
    await create('--every', '6h', ...DUE);
    await schedule('pause');
    const another = { before: '1h', once: true, rotation: { strategy: 'bridge', timing: TIMING } };
    await Promise.all([
      // in one second these are one look: the time is in its workflow id
      handle().trigger(ScheduleOverlapPolicy.ALLOW_ALL),
      handle().trigger(ScheduleOverlapPolicy.ALLOW_ALL),
      client.workflow.execute('watchTrustRoot', { taskQueue: 'reroot', workflowId: 'another-look', args: [another] }),
    ]);
    await eventually(
      'the end of every look',
      async () => {
        const { recentActions, runningActions } = (await handle().describe()).info;
        return recentActions.length > 0 && runningActions.length === 0;
      },
      LOOK_MS,
    );
    expect(await rotations()).toBe(1);
    const { waiting, roots } = await statusWhere(
      rotation(),
      'the question',
      (status) => status.waiting?.kind === 'approval',
    );
    const asked = (await cli('status')).stdout;
    expect(asked).toContain('approval');
    expect(asked).toContain(`Schedule ${ID} is paused`);
    const seen = (await schedule('trigger')).stdout;
    expect(seen).toContain('a rotation has this cluster');
    expect(seen).toContain('TrustAnchorExpiring');

    await cli('abort', '--reason', 'not today');
    await eventually('the end', async () => (await rotation().describe()).status.name !== 'RUNNING', ROTATION_MS);
    const told = (await schedule('trigger')).stdout;
    expect(told).toContain('the last rotation has ended without doing so');
    expect(await rotations()).toBe(1);
    // a look that waits is told to look again
    expect((await schedule('trigger')).stdout).toContain('Waiting since');
    expect(await rotations()).toBe(1);

    const old = roots?.retire[0]?.fingerprint ?? '';
    expect((await cli('watch', '--approve', old.slice(0, 12), '--by', 'tester')).stdout).toContain('approved');
    await eventually('the second rotation', async () => (await rotations()) === 2, LOOK_MS);
    const again = await statusWhere(rotation(), 'the question', (status) => status.waiting?.kind === 'approval');
    expect(again.waiting?.planHash).not.toBe(waiting?.planHash);
    expect((await seenThrough(rotation())).outcome).toBe('completed');
    expect((await schedule('delete')).stdout).toContain(`ended: Schedule ${ID}`);
    await expect(schedule('show')).resolves.toMatchObject({
      stderr: expect.stringContaining('has no Schedule') as string,
    });
  });
});
