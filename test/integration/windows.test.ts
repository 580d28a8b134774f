import type { WorkflowHandle } from '@temporalio/client';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { WorkflowFailedError } from '@temporalio/client';
import { type FakeCluster, fakeCluster, PLAN, ROOTS } from './fake-cluster.js';
import { reportOf, statusOf, statusWhere } from './support.js';

let cluster: FakeCluster;
/** What has to be rolled, by phase. */
let stale: Record<string, boolean>;
/** When workloads were rolled, and until when more of them might have been. */
let rolls: Date[];
let untils: (string | undefined)[];

beforeAll(async () => void (cluster = await fakeCluster()));
afterAll(async () => await cluster.stop());
beforeEach(() => {
  [stale, rolls, untils] = [{ trust: true, retire: true }, [], []];
  const checkGate = ({ phase }: { phase: string }) => {
    const passed = !stale[phase];
    const namespaces = passed ? [] : [{ name: 'shop', outdated: 1 }];
    return { passed, proxies: 3, proven: passed ? 3 : 2, waived: 0, namespaces, reverted: [], findings: [] };
  };
  const reinjectNamespaces = ({ phase, until }: { phase: string; until?: string }) => {
    rolls.push(new Date());
    untils.push(until);
    stale[phase] = false;
    return { stragglers: [], shown: [] };
  };
  Object.assign(cluster.given, { calls: [], answers: { checkGate, reinjectNamespaces } });
});

const MINUTE_MS = 60_000;

/** A window that opens at this minute of every day. */
function daily(opens: Date): { cron: string; for: string } {
  return { cron: `${opens.getUTCMinutes()} ${opens.getUTCHours()} * * *`, for: '30m' };
}

/** The next minute, or the one after it: there has to be time to see that it is waited for. */
function soon(): Date {
  return new Date(Math.ceil((Date.now() + 10_000) / MINUTE_MS) * MINUTE_MS);
}

const far = () => daily(new Date(Date.now() + 12 * 60 * MINUTE_MS));
const atWindow = async (handle: WorkflowHandle, phase: string) =>
  await statusWhere(handle, `the window of ${phase}`, (status) => {
    return status.phase === phase && status.waiting?.kind === 'window';
  });
const rollNow = async (handle: WorkflowHandle) =>
  await handle.executeUpdate('strategy', { args: [{ pace: 'forced' }] });

describe('a rollout with windows', { timeout: 150_000 }, () => {
  it('begins in the next one, which status shows', async () => {
    const opens = soon();
    const handle = await cluster.start({
      strategy: 'standard',
      approvals: 'none',
      rollout: { windows: [daily(opens)] },
    });
    const { waiting } = await atWindow(handle, 'trust');
    expect(waiting).toMatchObject({ opens: opens.toISOString(), on: [] });
    expect(waiting?.for).toContain(`which opens at ${opens.toISOString()} (`);
    expect(waiting?.for).toContain(' UTC)');
    expect(waiting?.todo).toContain('`reroot strategy --pace forced`');
    expect(rolls).toEqual([]);
    expect((await reportOf(handle)).outcome).toBe('completed');
    expect(rolls.length).toBeGreaterThan(0);
    for (const rolled of rolls) expect(rolled.getTime()).toBeGreaterThanOrEqual(opens.getTime());
    const closes = new Date(opens.getTime() + 30 * MINUTE_MS).toISOString();
    expect(new Set(untils)).toEqual(new Set([closes]));
  });

  it('waits while people pause and waive, and begins when one of them says so: in this phase, and in no other', async () => {
    const handle = await cluster.start({ strategy: 'standard', approvals: 'none', rollout: { windows: [far()] } });
    const { waiting } = await atWindow(handle, 'trust');
    await handle.executeUpdate('pause', { args: [{ reason: 'a test' }] });
    await statusWhere(handle, 'the pause', (status) => status.waiting?.kind === 'paused');
    await handle.executeUpdate('resume');
    expect((await atWindow(handle, 'trust')).waiting).toMatchObject({ for: waiting?.for, since: waiting?.since });
    await handle.executeUpdate('waive', { args: [{ subject: 'shop', reason: 'a test' }] });
    expect((await atWindow(handle, 'trust')).waivers).toHaveLength(1);
    expect(rolls).toEqual([]);
    await rollNow(handle);
    const { pastPointOfNoReturn } = await atWindow(handle, 'retire');
    expect(pastPointOfNoReturn).toBe(false);
    expect(rolls).toHaveLength(1);
    expect(cluster.given.calls).not.toContain('dropRetired');
    await rollNow(handle);
    expect((await reportOf(handle)).outcome).toBe('completed');
    expect(untils).toEqual([undefined, undefined]); // nothing closes for who says so
  });

  it('is given up by an abort, whose way back keeps to windows too', async () => {
    const handle = await cluster.start({ strategy: 'standard', approvals: 'none', rollout: { windows: [far()] } });
    await atWindow(handle, 'trust');
    await rollNow(handle);
    await atWindow(handle, 'retire');
    stale['trust'] = true; // what trusts the new root alone, on the way back
    await handle.executeUpdate('abort', { args: [{ by: 'tester' }] });
    await atWindow(handle, 'abort');
    expect(rolls).toHaveLength(1);
    await rollNow(handle);
    await statusWhere(handle, 'the roll of what is next', () => rolls.length === 2);
    await atWindow(handle, 'abort');
    await rollNow(handle);
    expect((await reportOf(handle)).outcome).toBe('aborted');
  });

  it('waits for none past the point of no return when the bridge certificate ends soon and cannot be made anew', async () => {
    let endsSoon = false;
    Object.assign(cluster.given.answers, {
      preflight: () => ({
        ...{ linkerdNamespace: 'linkerd', linkerdVersion: 'edge-1', layout: 'd', leafLifeMs: 4000, apiServer: 'fake' },
        ...{ clusterUid: 'uid', findings: [], plan: PLAN, extensions: [] },
      }),
      generate: () => ({ ...ROOTS, adopted: true, pastPointOfNoReturn: true }),
      keepBridge: () => ({ notAfter: '2026-12-24T00:00:00Z', renewable: false, endsSoon }),
    });
    const handle = await cluster.start({ approvals: 'none', rollout: { windows: [far()] } });
    await atWindow(handle, 'retire');
    expect(rolls).toEqual([]);
    endsSoon = true;
    expect((await reportOf(handle)).outcome).toBe('completed');
    expect(rolls).toHaveLength(1);
  });

  it('is given up by a cancellation', async () => {
    const handle = await cluster.start({ strategy: 'standard', approvals: 'none', rollout: { windows: [far()] } });
    await atWindow(handle, 'trust');
    await handle.cancel();
    await expect(handle.result()).rejects.toBeInstanceOf(WorkflowFailedError);
    expect((await statusOf(handle)).outcome).toBe('cancelled');
    expect(rolls).toEqual([]);
  });
});
