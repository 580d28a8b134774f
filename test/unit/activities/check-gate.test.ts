import { beforeEach, describe, expect, it, vi } from 'vitest';
import { checkGate } from '../../../activities/check-gate.js';
import { proveShare } from '../../../activities/prove-share.js';
import type { ProxyObservation } from '../../../src/ground/mesh.js';
import type { GateResult } from '../../../src/rotation/payloads.js';
import { mergeShares } from '../../../src/rotation/shares.js';
import { leaf, proxy, without } from '../rotation/support.js';
import { mesh, phaseInput, run } from './waits.js';

vi.mock('../../../activities/kit/stored-rotation.js', async () => ({
  ...(await import('./waits.js')).storedRotation(),
  isOvertaken: async () => await Promise.resolve(false),
}));
vi.mock('../../../activities/kit/proxies.js', async () => (await import('./waits.js')).proxies());
vi.mock('../../../activities/kit/reversions.js', () => ({ reversions: async () => await Promise.resolve([]) }));

beforeEach(() => Object.assign(mesh, { looks: 0, given: [], reverted: [], proxiesAt: () => [], asked: [] }));

const starting = (uid: string, createdAt: string): ProxyObservation => ({
  ...without(proxy({ uid, pod: uid, createdAt }), 'leaf'),
  problem: 'connect ECONNREFUSED',
});
const renewed = (uid: string) => proxy({ uid, pod: uid, leaf: leaf({ verifiesWith: ['old', 'new'] }) });
const now = () => new Date().toISOString();
const gate = async () => (await run(checkGate, phaseInput('renew'))).result;

describe('the gate of a mesh in which a pod is always starting', () => {
  it('is passed: a look waits for the pods of its own list', async () => {
    // at every look another pod is born, that can be read at the next but one
    const started = (age: number, uid: string) => (age < 2 ? starting(uid, now()) : renewed(uid));
    mesh.proxiesAt = (look) => [renewed('old'), ...[0, 1, 2].map((age) => started(age, `born-${look - age}`))];
    expect(await gate()).toMatchObject({ passed: true, findings: [] });
  });
  it('is not passed by one that should have started long ago', async () => {
    mesh.proxiesAt = () => [renewed('old'), starting('stuck', '2026-01-01T00:00:00Z')];
    expect(await gate()).toMatchObject({ passed: false, proxies: 2, proven: 1, findings: [{ reason: 'LeafUnknown' }] });
  });
  it('is not passed by one that never starts', async () => {
    const born = now();
    mesh.proxiesAt = () => [renewed('old'), starting('young', born)];
    expect(await gate()).toMatchObject({ passed: false, findings: [{ reason: 'LeafUnknown' }] });
  });
  it('is passed when the one that was starting is gone', async () => {
    mesh.proxiesAt = (look) => [renewed('old'), ...(look < 4 ? [starting('short-lived', now())] : [])];
    expect(await gate()).toMatchObject({ passed: true, proxies: 1 });
  });
  it('reads each leaf once, and asks one that is starting when it gets ready, and for the last time', async () => {
    const born = now();
    mesh.proxiesAt = (look) => [
      ...[renewed('old'), { ...starting('young', born), ready: false }],
      look < 5 ? { ...starting('late', born), ready: false } : { ...renewed('late'), ready: true },
    ];
    expect(await gate()).toMatchObject({ passed: false, proxies: 3, proven: 2 });
    const times = (uid: string) => mesh.asked?.flat().filter((one) => one === uid).length ?? 0;
    expect(mesh.looks).toBeGreaterThan(20);
    expect(times('old')).toBe(1);
    expect(times('late')).toBeLessThanOrEqual(5);
    expect(times('young')).toBeLessThan(15);
    expect(mesh.asked?.at(-1)).toEqual(['young']);
  });
  it('asks a proven one again whose container was started anew between the lists', async () => {
    const started = (second: number) => ({ ...renewed('old'), startedAt: new Date(second * 1000) });
    mesh.proxiesAt = (look) => [started(look)];
    expect(await gate()).toMatchObject({ passed: true, proxies: 1 });
    expect(mesh.asked).toEqual([['old'], ['old']]);
  });
  it('gives its looks eight minutes together, and the last one what is left', async () => {
    const born = now();
    mesh.proxiesAt = () => [renewed('old'), starting('young', born)];
    await gate();
    const given = mesh.given.map((ms) => ms ?? 0);
    expect(given.length).toBeGreaterThan(1);
    expect(given[0]).toBeLessThanOrEqual(480_000);
    expect(given[0]).toBeGreaterThan(470_000);
    expect(given.at(-1)).toBeLessThan(given[0] ?? 0);
  });
});

describe('the gate of a mesh that is proven in shares', () => {
  const shares = async (of: number, phase: 'renew' | 'issue' = 'renew') => {
    const results: GateResult[] = [];
    for (let index = 0; index < of; index += 1) {
      const { result, error } = await run(proveShare, { ...phaseInput(phase), share: { index, of } });
      if (!result) throw error;
      results.push(result);
    }
    return results;
  };
  const many = Array.from({ length: 100 }, (_, index) => renewed(`pod-${index}`));

  it('asks each proxy once, and finds the same', async () => {
    mesh.proxiesAt = () => many;
    const merged = mergeShares(await shares(3), 'linkerd');
    expect(merged).toEqual(await gate());
    expect(mesh.asked?.slice(0, -2).flat().toSorted()).toEqual(many.map(({ uid }) => uid).toSorted());
  });
  it('is not passed by one proxy, whosever it is', async () => {
    mesh.proxiesAt = () => [...many, starting('stuck', '2026-01-01T00:00:00Z')];
    const results = await shares(3);
    expect(results.filter(({ passed }) => !passed)).toHaveLength(1);
    expect(mergeShares(results, 'linkerd')).toMatchObject({ passed: false, proxies: 101, proven: 100 });
  });
  it('misses no identity process that is in another share', async () => {
    mesh.proxiesAt = () => [{ ...renewed('one'), component: 'identity' }];
    const results = await shares(4, 'issue');
    expect(results.map(({ passed }) => passed)).toEqual([true, true, true, true]);
    mesh.proxiesAt = () => [];
    expect((await shares(4, 'issue')).map(({ passed }) => passed)).toEqual([false, false, false, false]);
  });
});

describe('the gate of a mesh with very many namespaces', () => {
  it("names Linkerd's own first, as many as fit, and counts the others", { timeout: 60_000 }, async () => {
    const short = (namespace: string, index: number) =>
      proxy({ namespace, uid: `u${index}`, leaf: leaf({ verifiesWith: ['old'] }), createdAt: '2026-01-01T00:00:00Z' });
    const all = Array.from({ length: 20_000 }, (_, index) => short(`namespace-${index}-${'x'.repeat(40)}`, index));
    mesh.proxiesAt = () => [...all, short('linkerd', -1)];
    const result = await gate();
    expect(result).toMatchObject({ passed: false, proxies: 20_001, proven: 0 });
    expect(result?.namespaces[0]).toEqual({ name: 'linkerd', outdated: 1 });
    expect((result?.namespaces.length ?? 0) + (result?.namespacesOmitted ?? 0)).toBe(20_001);
    expect(Buffer.byteLength(JSON.stringify(result))).toBeLessThan(256 * 1024);
  });
});
