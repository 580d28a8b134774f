import { CancelledFailure } from '@temporalio/activity';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { awaitProxies } from '../../../activities/await-proxies.js';
import type { AwaitProxiesInput } from '../../../src/rotation/payloads.js';
import { reverted } from '../../../src/rotation/reverted.js';
import { toldOf } from '../../../src/rotation/told.js';
import { leaf, proxy, without } from '../rotation/support.js';
import { mesh, phaseInput, run } from './waits.js';

vi.mock('../../../activities/kit/stored-rotation.js', async () => (await import('./waits.js')).storedRotation());
vi.mock('../../../activities/kit/proxies.js', async () => (await import('./waits.js')).proxies());
vi.mock('../../../activities/kit/live-pods.js', async () => (await import('./waits.js')).livePods());
vi.mock('../../../activities/kit/heartbeat.js', async (actual) =>
  (await import('./waits.js')).shortPauses(await actual<{ pause(milliseconds: number): Promise<void> }>()),
);
vi.mock('../../../activities/kit/reversions.js', async () => (await import('./waits.js')).reversions());

const ago = (milliseconds: number) => new Date(Date.now() - milliseconds).toISOString();
const HOUR_MS = 3_600_000;

/** A leaf of a day that identity signed so long ago. */
const signed = (milliseconds: number, verifiesWith: string[]) =>
  leaf({
    verifiesWith,
    notBefore: ago(milliseconds + 20_000),
    notAfter: new Date(Date.now() - milliseconds + 24 * HOUR_MS).toISOString(),
  });
const waiting = (uid: string) => proxy({ uid, pod: uid, leaf: signed(HOUR_MS, ['old']) });
const renewed = (uid: string) => proxy({ uid, pod: uid, leaf: signed(0, ['old', 'new']) });
const silent = (uid: string) => without(proxy({ uid, pod: uid, problem: 'no answer' }), 'leaf');

/** The wait for the renewal of a bridge's leaves. */
const renewal = (change: Partial<AwaitProxiesInput> = {}): AwaitProxiesInput => ({
  ...phaseInput('renew'),
  since: ago(HOUR_MS / 2),
  ...change,
});
/** The wait of an organic rollout. */
const replacement = (change: Partial<AwaitProxiesInput> = {}): AwaitProxiesInput => ({
  ...phaseInput('retire'),
  since: ago(0),
  deadline: new Date(Date.now() + HOUR_MS).toISOString(),
  ...change,
});
/** It has not been readable for longer than people are told of it. */
const longSilent = (uid: string) => ({ unreadable: { named: { [uid]: ago(60_000) } } });

beforeEach(() => Object.assign(mesh, { looks: 0, reverted: [], proxiesAt: () => [] }));

describe('a wait for renewals', () => {
  it('ends when every proxy has renewed', async () => {
    mesh.proxiesAt = (look) => [renewed('a'), look < 3 ? waiting('b') : { ...renewed('b'), uid: 'c' }];
    const { result } = await run(awaitProxies, renewal());
    expect(result).toMatchObject({ ended: 'met', proxies: 2, proven: 2, late: [], reverted: [] });
  });
  it('ends when another writer has put something back: nothing would come of it', async () => {
    mesh.proxiesAt = (look) => {
      if (look === 3) mesh.reverted = [reverted('Secret linkerd-identity-issuer', 'it holds another issuer', 'helm')];
      return [waiting('a')];
    };
    const { result } = await run(awaitProxies, renewal());
    expect(result).toMatchObject({ ended: 'reverted', reverted: [{ reason: 'Reverted' }] });
  });
  it('names a proxy that has renewed since and does not fit', async () => {
    mesh.proxiesAt = () => [renewed('a'), proxy({ uid: 'b', pod: 'b', leaf: signed(0, ['old']) })];
    const { result } = await run(awaitProxies, renewal());
    expect(result).toMatchObject({
      ended: 'late',
      late: [{ reason: 'RenewedWithoutTarget' }],
      lateNamespaces: ['shop'],
    });
  });
  it('does not wait for what a leaf says that nobody of this mesh has signed', async () => {
    const times = { notBefore: '2090-01-01T00:00:00Z', notAfter: '2091-01-01T00:00:00Z' };
    mesh.proxiesAt = () => [renewed('a'), proxy({ uid: 'b', pod: 'b', leaf: leaf({ verifiesWith: [], ...times }) })];
    const soon = await run(awaitProxies, renewal(), { cancelAfterMs: 100 });
    expect(soon.error).toBeInstanceOf(CancelledFailure);
    expect(soon.heartbeats.mock.lastCall?.[0]).toMatchObject({ proven: 1, lateByReason: {} });
    const { result } = await run(awaitProxies, renewal({ since: ago(20 * HOUR_MS) }));
    expect(result).toMatchObject({ ended: 'late', late: [{ reason: 'RenewalMissed' }], lateNamespaces: ['shop'] });
    const waivers = [{ subject: 'shop/Pod/b', reason: 'known', gate: 'renew' as const }];
    expect((await run(awaitProxies, renewal({ waivers }))).result).toMatchObject({ ended: 'met' });
  });
  it('names some of many late proxies, and counts all by reason', async () => {
    const late = Array.from({ length: 300 }, (_, index) => ({
      ...waiting(`p${index}`),
      leaf: signed(23 * HOUR_MS, ['old']),
    }));
    mesh.proxiesAt = () => [...late, silent('last')];
    const { result, heartbeats } = await run(awaitProxies, renewal(longSilent('last')));
    expect(result?.late).toHaveLength(20);
    expect(result?.late.map(({ reason }) => reason)).toContain('ProxyUnreadable');
    expect(result?.lateByReason).toEqual({ RenewalMissed: 300, ProxyUnreadable: 1 });
    expect(result?.lateNamespaces).toEqual(['shop']);
    for (const [details] of heartbeats.mock.calls) expect(JSON.stringify(details).length).toBeLessThan(5000);
  });
});

describe('a proxy that cannot be read', () => {
  const told = { names: ['shop/Pod/b'], byReason: { ProxyUnreadable: 1 }, at: ago(60_000) };

  it('is told of once it has lasted', async () => {
    mesh.proxiesAt = () => [renewed('a'), silent('b')];
    const { result } = await run(awaitProxies, renewal());
    expect(result).toMatchObject({ ended: 'late', late: [{ reason: 'ProxyUnreadable' }], lateNamespaces: [] });
    expect(Object.keys(result?.unreadable.named ?? {})).toEqual(['b']);
  });
  it('stands while it lasts, for the wait that people have been told of', async () => {
    mesh.proxiesAt = () => [renewed('a'), silent('b')];
    const { result, error } = await run(awaitProxies, renewal({ ...longSilent('b'), told }), { cancelAfterMs: 300 });
    expect(result).toBeUndefined();
    expect(error).toBeInstanceOf(CancelledFailure);
  });
  it('is over when it can be read again, is gone, or is waived', async () => {
    mesh.proxiesAt = (look) => [waiting('a'), look < 3 ? silent('b') : waiting('b')];
    const input = renewal({ ...longSilent('b'), told });
    expect((await run(awaitProxies, input)).result).toMatchObject({ ended: 'late', late: [] });
    mesh.proxiesAt = () => [waiting('a')];
    expect((await run(awaitProxies, input)).result).toMatchObject({ ended: 'late', late: [] });
    mesh.proxiesAt = () => [waiting('a'), silent('b')];
    const waivers = [{ subject: 'shop/Pod/b', reason: 'known', gate: 'renew' as const }];
    expect((await run(awaitProxies, { ...input, waivers })).result).toMatchObject({ ended: 'late', late: [] });
  });
  it('is waited for where it is its rollout alone that is waived, or another gate', async () => {
    mesh.proxiesAt = () => [silent('b')];
    for (const gate of ['rollout', 'retire'] as const) {
      const waivers = [{ subject: 'shop/Pod/b', reason: 'known', gate }];
      const { result } = await run(awaitProxies, renewal({ ...longSilent('b'), waivers }));
      expect(result).toMatchObject({ ended: 'late', late: [{ reason: 'ProxyUnreadable' }] });
    }
  });
  it('keeps its clock when the wait is begun anew: by its cancellation, and by a heartbeat', async () => {
    mesh.proxiesAt = () => [waiting('a'), silent('b')];
    const { error, heartbeats } = await run(awaitProxies, renewal(), { cancelAfterMs: 100 });
    const [details] = (error as CancelledFailure).details ?? [];
    expect(details).toMatchObject({ unreadable: { named: { b: expect.any(String) } } });
    expect(heartbeats.mock.lastCall?.[0]).toMatchObject({ unreadable: { named: { b: expect.any(String) } } });
    mesh.looks = 0;
    const { result } = await run(awaitProxies, renewal(), { heartbeatDetails: longSilent('b') });
    expect(result?.ended).toBe('late');
    expect(mesh.looks).toBe(1);
  });
});

describe('an organic rollout', () => {
  const old = (uid: string) => proxy({ uid, pod: uid, anchors: ['old'] });

  it('goes on waiting with a proxy that cannot be read, and tells of it once', async () => {
    mesh.proxiesAt = () => [old('a'), silent('b')];
    const { result } = await run(awaitProxies, replacement(longSilent('b')));
    expect(result).toMatchObject({ ended: 'late', late: [{ reason: 'ProxyUnreadable' }] });
    const told = toldOf({ shown: result?.late ?? [], byReason: result?.lateByReason ?? {} }, ago(0));
    const again = await run(awaitProxies, replacement({ ...longSilent('b'), told }), { cancelAfterMs: 300 });
    expect(again.error).toBeInstanceOf(CancelledFailure);
  });
  it('ends at the deadline, and when somebody has put the old root back', async () => {
    mesh.proxiesAt = () => [old('a')];
    expect((await run(awaitProxies, replacement({ deadline: ago(0) }))).result?.ended).toBe('deadline');
    mesh.reverted = [reverted('ConfigMap linkerd-identity-trust-roots', 'the old root is in it again', 'argocd')];
    expect((await run(awaitProxies, replacement())).result?.ended).toBe('reverted');
  });
});
