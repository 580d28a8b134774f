import { CancelledFailure } from '@temporalio/activity';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { awaitChange } from '../../../activities/await-change.js';
import { checkGate } from '../../../activities/check-gate.js';
import type { GateResult } from '../../../src/rotation/payloads.js';
import { reverted } from '../../../src/rotation/reverted.js';
import { leaf, proxy, without } from '../rotation/support.js';
import { mesh, phaseInput, run } from './waits.js';

vi.mock('../../../activities/kit/stored-rotation.js', async () => (await import('./waits.js')).storedRotation());
vi.mock('../../../activities/kit/proxies.js', async () => (await import('./waits.js')).proxies());
vi.mock('../../../activities/kit/reversions.js', async () => (await import('./waits.js')).reversions());
/** Members that a person has to say something of, at the n-th look. */
const held = vi.hoisted(() => ({ looks: 0, at: (_look: number): string[] => [] }));
vi.mock('../../../activities/kit/held-members.js', () => ({
  heldMembers: async () => {
    held.looks += 1;
    return await Promise.resolve(held.at(held.looks).map((name) => ({ subject: { kind: 'object', name } })));
  },
}));
vi.mock('../../../activities/check-gate.js', () => ({ checkGate: vi.fn<typeof checkGate>() }));

const gate = (change: Partial<GateResult>) =>
  vi.mocked(checkGate).mockImplementation(
    async () =>
      await Promise.resolve({
        passed: false,
        proxies: 1,
        proven: 0,
        waived: 0,
        namespaces: [],
        reverted: [],
        findings: [],
        ...change,
      }),
  );
const input = phaseInput('renew');
const workload = (name: string) => ({ namespace: 'shop', kind: 'Deployment', name });
const old = (name: string) =>
  proxy({ uid: name, pod: `${name}-1`, workload: workload(name), leaf: leaf({ verifiesWith: [] }) });
/** Another pod at each look, that has just been made and does not answer yet. */
const starting = (look: number) =>
  without(
    proxy({
      uid: `s${look}`,
      pod: `s${look}`,
      createdAt: new Date().toISOString(),
      workload: workload('busy'),
      problem: 'x',
    }),
    'leaf',
  );
const lasts = async () => (await run(awaitChange, input, { cancelAfterMs: 300 })).error instanceof CancelledFailure;

beforeEach(() => {
  Object.assign(mesh, { looks: 0, reverted: [], proxiesAt: () => [] });
  gate({});
});

describe('while one straggler waits for the morning', () => {
  it('pods that are born and die are no change', async () => {
    mesh.proxiesAt = (look) => [
      old('stuck'),
      ...Array.from({ length: look % 4 }, (_, index) => starting(10 * look + index)),
    ];
    expect(await lasts()).toBe(true);
    expect(mesh.looks).toBeGreaterThan(5);
  });
  it('pods of the workload itself that come and go are none', async () => {
    mesh.proxiesAt = (look) => [{ ...old('stuck'), uid: `u${look}`, pod: `stuck-${look}` }];
    expect(await lasts()).toBe(true);
  });
  it('its repair is one', async () => {
    mesh.proxiesAt = (look) => [old('stuck'), ...(look < 5 ? [old('other')] : [])];
    expect(await lasts()).toBe(false);
  });
  it('a new one that stays is one', async () => {
    mesh.proxiesAt = (look) => [old('stuck'), ...(look < 5 ? [] : [old('other')])];
    expect(await lasts()).toBe(false);
  });
  it('another writer who puts something back is one', async () => {
    mesh.proxiesAt = () => [old('stuck')];
    mesh.reverted = [reverted('Secret linkerd-identity-issuer', 'it holds another issuer again', 'helm')];
    expect(await lasts()).toBe(false);
  });
});

describe('when no proxy falls short any more', () => {
  it('the wait ends if the gate passes', async () => {
    mesh.proxiesAt = () => [starting(1)];
    gate({ passed: true });
    expect(await lasts()).toBe(false);
  });
  it('the wait goes on while the gate names the same templates', async () => {
    const template = {
      reason: 'StaleTemplate',
      severity: 'block' as const,
      message: '',
      subject: { kind: 'workload' as const, name: 'shop/CronJob/report' },
    };
    gate({ findings: [template] });
    expect(await lasts()).toBe(true);
    mesh.looks = 0;
    mesh.proxiesAt = () => {
      if (mesh.looks > 5) gate({ findings: [] });
      return [];
    };
    expect(await lasts()).toBe(false);
  });
  it('those are asked anew that had met the requirement, as long as the gate does not pass', async () => {
    const good = { ...old('web'), leaf: leaf({ verifiesWith: ['new', 'old'] }) };
    mesh.proxiesAt = (look) => [look < 5 ? good : old('web')];
    expect(await lasts()).toBe(false);
    expect(mesh.looks).toBeGreaterThan(5);
  });
});

describe('while a person is asked for members that nobody can see', () => {
  const waitsWith = async (at: (look: number) => string[]) => {
    Object.assign(held, { looks: 0, at });
    const { error } = await run(awaitChange, { ...input, of: 'members' as const }, { cancelAfterMs: 300 });
    return error instanceof CancelledFailure;
  };
  it('the wait goes on while they are the same, and asks no proxy', async () => {
    expect(await waitsWith(() => ['mc/Link/west'])).toBe(true);
    expect(held.looks).toBeGreaterThan(5);
    expect(mesh.looks).toBe(0);
  });
  it.each([
    ['one of them leaves the mesh', (look: number) => (look < 3 ? ['mc/Link/west', 'vms/VM/a'] : ['mc/Link/west'])],
    ['the last one leaves the mesh', (look: number) => (look < 3 ? ['mc/Link/west'] : [])],
    ['another one comes', (look: number) => (look < 3 ? ['mc/Link/west'] : ['mc/Link/west', 'mc/Link/east'])],
  ])('the wait ends when %s', async (_when, at) => expect(await waitsWith(at)).toBe(false));
});
