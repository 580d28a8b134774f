import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import { WorkflowFailedError, type WorkflowHandle } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { CertificateFacts } from '../../src/rotation/payloads.js';
import type { RenewalLook } from '../../src/rotation/watch.js';
import type { Expiry } from '../../src/rotation/watch-expiry.js';
import type { WatchReport, WatchStatus } from '../../src/rotation/watch-status.js';
import type { RotationReport } from '../../src/rotation/report.js';
import { replays } from '../../worker/replay.js';
import { certificate, type FakeCluster, fakeCluster, IN_STEP } from './fake-cluster.js';
import { endRotations, eventually, failureOf } from './support.js';

const source = { workflowsPath: path.resolve(import.meta.dirname, '../../workflows/index.ts') };

let cluster: FakeCluster;
beforeAll(async () => void (cluster = await fakeCluster()));
afterAll(async () => await cluster.stop());
beforeEach(() => {
  seen = IN_STEP;
  Object.assign(cluster.given, { calls: [], answers: { lookForRenewal: () => seen } });
});
afterEach(async () => await endRotations());

const T = certificate('newroot1');
const RENEWED: RenewalLook = { ...IN_STEP, root: T };
/** A rotation has brought the mesh to the root that has renewed itself. */
const DONE: RenewalLook = { ...RENEWED, inUse: [T], previous: { secret: 's/p', holds: [T.fingerprint] } };
/** What the next look sees. */
let seen: RenewalLook;

const ROTATION = 'trust-root-default';
const FAST = { every: '1s', rotation: { approvals: 'none' } } as const;

const watched = async (handle: WorkflowHandle, what: string, holds: (status: WatchStatus) => boolean) =>
  await eventually(what, async () => {
    const status = await handle.query<WatchStatus>('status');
    return holds(status) ? status : undefined;
  });
const rotation = (handle: WorkflowHandle) => handle.client.getHandle(ROTATION);
const approve = async (handle: WorkflowHandle, root = T.fingerprint) =>
  await handle.executeUpdate('approve', { args: [{ root, by: 'tester' }] });
const begun = () => cluster.given.calls.filter((call) => call === 'acquireLease').length;
/** The rotation does its work. */
const rotates = () => {
  cluster.given.answers['finish'] = () => void (seen = DONE);
};

describe('a watch', () => {
  it('looks on while the root of the Certificate is in use, and starts the rotation when that has renewed itself', async () => {
    rotates();
    const handle = await cluster.watch(FAST);
    await watched(handle, 'a look', ({ look }) => look !== undefined);
    expect(begun()).toBe(0);
    seen = RENEWED;
    const status = await watched(handle, 'the end of the rotation', (now) => now.rotation?.outcome === 'completed');
    expect(status.rotation).toMatchObject({ workflowId: ROTATION, root: T.fingerprint });
    const report = (await rotation(handle).result()) as RotationReport;
    expect(report.notes[0]).toContain(
      `Watch ${handle.workflowId} has started this rotation: Certificate cert-manager/`,
    );
    await watched(
      handle,
      'the next look',
      ({ look, waiting }) => look?.inUse[0]?.commonName === 'newroot1' && !waiting,
    );
    expect(begun()).toBe(1);
  });

  it('asks first where the input says so, and takes a word on that root alone', async () => {
    rotates();
    seen = RENEWED;
    const handle = await cluster.watch({ ...FAST, onRenewal: 'ask' });
    const { waiting } = await watched(handle, 'the question', (status) => status.waiting?.kind === 'approval');
    expect(waiting?.todo).toContain('reroot watch --approve newroot1newr');
    await expect(approve(handle, 'f'.repeat(64))).rejects.toMatchObject({
      cause: { message: expect.stringContaining('approve needs {"root": "newroot1') as string },
    });
    expect(begun()).toBe(0);
    await approve(handle);
    const { notes } = await watched(handle, 'the end', (status) => status.rotation?.outcome === 'completed');
    expect(notes.join()).toContain('was started, as tester has approved');
  });

  it('asks no longer when somebody else has brought the mesh to that root', async () => {
    seen = RENEWED;
    const handle = await cluster.watch({ ...FAST, onRenewal: 'ask' });
    await watched(handle, 'the question', (status) => status.waiting?.kind === 'approval');
    seen = DONE;
    await watched(handle, 'the end of the question', (status) => status.waiting === undefined);
    expect(begun()).toBe(0);
  });

  it('starts no second rotation for a root unasked when the first has failed', async () => {
    seen = RENEWED;
    let ready = false;
    cluster.given.answers['acquireLease'] = () => {
      if (!ready) throw ApplicationFailure.nonRetryable('ns/Lease is held', 'RotationAlreadyRunning');
    };
    const handle = await cluster.watch(FAST);
    const { waiting, rotation: first } = await watched(
      handle,
      'the failure',
      (status) => status.waiting?.kind === 'attention',
    );
    expect(first?.outcome).toBe('failed');
    expect(waiting?.on.join()).toContain('ns/Lease is held');
    const looks = () => cluster.given.calls.filter((call) => call === 'lookForRenewal').length;
    const before = looks();
    await handle.executeUpdate('retry', { args: [] });
    await eventually('two looks more', async () => await Promise.resolve(looks() > before + 1));
    expect(begun()).toBe(1);
    ready = true;
    rotates();
    await approve(handle);
    await watched(handle, 'the end of the second', (status) => status.rotation?.outcome === 'completed');
    expect(begun()).toBe(2);
  });

  it('that is stopped does not stop the rotation', async () => {
    seen = RENEWED;
    const handle = await cluster.watch({ every: '1s' });
    await watched(handle, 'the rotation', (status) => status.rotation !== undefined);
    await handle.cancel();
    await expect(handle.result()).rejects.toBeInstanceOf(WorkflowFailedError);
    expect((await rotation(handle).describe()).status.name).toBe('RUNNING');
  });

  it('puts the root in use into the slot of the previous one, or says that it may not', async () => {
    seen = { ...IN_STEP, previous: { secret: 's/p', holds: ['older'] } };
    cluster.given.answers['keepPreviousRoot'] = () => (seen = IN_STEP);
    const handle = await cluster.watch(FAST);
    const { notes } = await watched(handle, 'the repair', (status) => status.notes.length > 0);
    expect(notes[0]).toContain('lacked the root in use');
    seen = { ...IN_STEP, previous: { secret: 's/p', holds: ['older'] } };
    cluster.given.answers['keepPreviousRoot'] = () => {
      throw ApplicationFailure.nonRetryable('secrets "p" is forbidden', 'KubernetesForbidden');
    };
    const { alerts } = await watched(handle, 'the alert', (status) => status.alerts !== undefined);
    expect(alerts).toMatchObject([{ reason: 'PreviousRootMissing' }]);
  });

  it('says that it cannot look, and looks again', async () => {
    let away = true;
    cluster.given.answers['lookForRenewal'] = () => {
      if (away) throw ApplicationFailure.nonRetryable('identity is gone', 'LinkerdNotFound');
      return seen;
    };
    const handle = await cluster.watch(FAST);
    const { alerts } = await watched(handle, 'the alert', (status) => status.alerts !== undefined);
    expect(alerts?.[0]?.message).toContain('identity is gone (LinkerdNotFound)');
    away = false;
    await watched(handle, 'a look', (status) => status.look !== undefined && status.alerts === undefined);
  });

  it('has nothing to do where nothing renews itself', async () => {
    const { certificate: _, ...nothing } = IN_STEP;
    seen = nothing;
    const handle = await cluster.watch(FAST);
    expect((await failureOf(handle)).type).toBe('NothingToWatch');
    // `reroot watch` asks for the first look while this ends, and must not take it for a watch
    expect((await handle.query<WatchStatus>('status')).look).toBeUndefined();
    expect((await failureOf(await cluster.watch({ every: 'soon' }))).type).toBe('InvalidInput');
  });
});

describe('a watch of a root that expires', () => {
  const AHEAD = { ...FAST, before: '30d' } as const;
  const { certificate: _, root: __, previous: ___, ...PLAIN } = IN_STEP;
  const OLD = certificate('oldroot1', 20);
  const EXPIRY: Expiry = {
    ...{ issuer: certificate('oldissue', 300), owners: { bundle: 'reroot', issuer: 'reroot' } },
    ...{ hasRootKey: true, lastsMs: 60_000, stale: [] },
  };
  /** Made long ago. */
  const aged = (facts: CertificateFacts) => ({ ...facts, notBefore: '2020-01-01T00:00:00Z' });
  const LASTS: RenewalLook = { ...PLAIN, inUse: [certificate('oldroot1', 300)], expiry: EXPIRY };
  const ENDS: RenewalLook = { ...PLAIN, inUse: [aged(OLD)], expiry: EXPIRY };
  const REPLACED: RenewalLook = { ...PLAIN, inUse: [T], expiry: EXPIRY };

  it('looks on while it lasts, replaces it when it is due, once, and is quiet then', async () => {
    cluster.given.answers['finish'] = () => void (seen = REPLACED);
    seen = LASTS;
    const handle = await cluster.watch(AHEAD);
    await watched(handle, 'a look', ({ look }) => look !== undefined);
    expect(begun()).toBe(0);
    seen = ENDS;
    const status = await watched(handle, 'the end of the rotation', (now) => now.rotation?.outcome === 'completed');
    expect(status.rotation).toMatchObject({ workflowId: ROTATION, root: OLD.fingerprint });
    const report = (await rotation(handle).result()) as RotationReport;
    expect(report.notes[0]).toContain(
      'has started this rotation: the root in use, oldroot1oldr (oldroot1), expires at',
    );
    const quiet = await watched(
      handle,
      'a look at the new root',
      ({ look }) => look?.inUse[0]?.commonName === 'newroot1',
    );
    expect(quiet).not.toHaveProperty('alerts');
    expect(quiet).not.toHaveProperty('waiting');
    expect(begun()).toBe(1);
  });

  it('starts no second one for a root that expires when the first has failed', async () => {
    seen = ENDS;
    let ready = false;
    cluster.given.answers['acquireLease'] = () => {
      if (!ready) throw ApplicationFailure.nonRetryable('ns/Lease is held', 'RotationAlreadyRunning');
    };
    const handle = await cluster.watch(AHEAD);
    const { waiting, alerts } = await watched(handle, 'the failure', (status) => status.waiting !== undefined);
    expect(waiting).toMatchObject({
      kind: 'attention',
      on: [expect.any(String), expect.stringContaining('ns/Lease is held')],
    });
    expect(alerts).toMatchObject([{ reason: 'TrustAnchorExpiring' }]);
    const looks = () => cluster.given.calls.filter((call) => call === 'lookForRenewal').length;
    const before = looks();
    await eventually('two looks more', async () => await Promise.resolve(looks() > before + 1));
    expect(begun()).toBe(1);
    ready = true;
    cluster.given.answers['finish'] = () => void (seen = REPLACED);
    await approve(handle, OLD.fingerprint);
    await watched(handle, 'the end of the second', (status) => status.rotation?.outcome === 'completed');
    expect(begun()).toBe(2);
  });

  it('remembers in one look that waits what Temporal forgets: a rotation that has ended in vain', async () => {
    seen = { ...ENDS, last: { root: OLD.fingerprint, ended: true } };
    const handle = await cluster.watch({ ...AHEAD, once: true });
    await watched(handle, 'the wait', (status) => status.waiting?.kind === 'attention');
    seen = ENDS;
    const looks = () => cluster.given.calls.filter((call) => call === 'lookForRenewal').length;
    const before = looks();
    await handle.executeUpdate('retry', { args: [] });
    await eventually('two looks more', async () => await Promise.resolve(looks() > before + 1));
    expect(begun()).toBe(0);
    seen = REPLACED;
    expect(((await handle.result()) as WatchReport).rotation).toBeUndefined();
  });

  it('replaces an issuer alone, by rotateIssuer', async () => {
    seen = { ...LASTS, expiry: { ...EXPIRY, issuer: aged(certificate('oldissue', 20)) } };
    const handle = await cluster.watch({ ...AHEAD, once: true });
    const report = (await handle.result()) as WatchReport;
    expect(report.alerts).toMatchObject([{ reason: 'IssuerEnding' }]);
    expect((await rotation(handle).describe()).type).toBe('rotateIssuer');
  });

  it('whose rotation finds another root in use: it ends, and has changed nothing', async () => {
    seen = { ...ENDS, inUse: [aged(certificate('anotherr', 20))] };
    const handle = await cluster.watch({ ...AHEAD, once: true });
    await handle.result();
    expect(await failureOf(rotation(handle))).toMatchObject({
      type: 'RootReplaced',
      message: expect.stringContaining('is not in use any more') as string,
    });
    expect(cluster.given.calls).not.toContain('generate');
    expect(cluster.given.calls).toContain('releaseLease');
  });
});

it('goes on with what an earlier worker of this version has begun: its history replays', async () => {
  rotates();
  const handle = await cluster.watch({ ...FAST, onRenewal: 'ask' });
  await watched(handle, 'a look', ({ look }) => look !== undefined);
  seen = { ...IN_STEP, previous: { secret: 's/p', holds: ['older'] } };
  cluster.given.answers['keepPreviousRoot'] = () => (seen = IN_STEP);
  await watched(handle, 'the repair', ({ notes }) => notes.length > 0);
  seen = RENEWED;
  await watched(handle, 'the question', ({ waiting }) => waiting?.kind === 'approval');
  await approve(handle);
  await watched(handle, 'the end', (status) => status.rotation?.outcome === 'completed');
  await handle.cancel();
  await handle.result().catch(() => undefined);
  const text = historyToJSON(await handle.fetchHistory());
  expect(await replays(source, JSON.parse(text), handle.workflowId)).toBe(true);
  // as test/all/record-histories.test.ts does for rotations
  const folder = process.env['RECORD_HISTORIES'];
  if (folder) writeFileSync(path.join(folder, 'watch-0.5.json'), text);
});

describe('one look, as a Schedule has it', () => {
  const once = { ...FAST, once: true };

  it('ends with what it has seen', async () => {
    const report = (await (await cluster.watch(once)).result()) as WatchReport;
    expect(report.seen).toContain('the root in use is oldroot1');
    expect(report.rotation).toBeUndefined();
  });

  it('starts the rotation, and does not wait for its end', async () => {
    seen = RENEWED;
    const handle = await cluster.watch({ every: '1s', once: true });
    const report = (await handle.result()) as WatchReport;
    expect(report.rotation).toMatchObject({ workflowId: ROTATION, root: T.fingerprint });
    expect((await rotation(handle).describe()).status.name).toBe('RUNNING');
  });

  it('leaves a rotation that runs alone', async () => {
    seen = RENEWED;
    await (await cluster.watch({ every: '1s', once: true })).result();
    const report = (await (await cluster.watch(once)).result()) as WatchReport;
    expect(report.rotation).toBeUndefined();
  });

  it('waits for a word where it asks, so that the next looks are skipped', async () => {
    seen = RENEWED;
    rotates();
    const handle = await cluster.watch({ ...once, onRenewal: 'ask' });
    await watched(handle, 'the question', (status) => status.waiting?.kind === 'approval');
    await approve(handle);
    expect(((await handle.result()) as WatchReport).rotation?.root).toBe(T.fingerprint);
  });

  it('fails with what kept it from looking', async () => {
    cluster.given.answers['lookForRenewal'] = () => {
      throw ApplicationFailure.nonRetryable('identity is gone', 'LinkerdNotFound');
    };
    expect(await failureOf(await cluster.watch(once))).toEqual({
      type: 'LinkerdNotFound',
      message: 'identity is gone',
    });
  });
});
