import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { COURSES } from '../../../src/rotation/courses/index.js';
import type { Finding } from '../../../src/rotation/findings.js';
import type { RotationInput } from '../../../src/rotation/input.js';
import type { GateResult } from '../../../src/rotation/payloads.js';
import type { ReinjectNamespacesInput } from '../../../src/rotation/rollout-payloads.js';
import { injectionBroken, rehearsalRefused } from '../../../src/rotation/injection.js';
import { converge } from '../../../workflows/converge.js';
import type { Rotation } from '../../../workflows/rotation.js';
import { request } from '../rotation/support.js';

vi.mock('../../../workflows/in-phase.js', () => ({ now: () => '2026-01-01T00:00:00Z', showDetails: () => undefined }));
vi.mock('../../../workflows/steps.js', () => ({
  stepsOn: () => ({ watch: {} }),
  unlessItFails: async (work: () => Promise<unknown>) => await work(),
}));

const row = COURSES.standard.course.rows.find(({ phase }) => phase === 'trust');
const straggler: Finding = {
  ...{ reason: 'RolloutStuck', severity: 'block', message: 'm' },
  subject: { kind: 'workload', name: 'ns-1/Deployment/web' },
};

/** Namespaces that fall short; a gate lists two of them at a time, as a very large mesh's lists thousands. */
let short: string[];
let rolled: string[];
let stuck: string[];
let asked: string[][];
let rehearsed: Finding[];
let provenFirst: (boolean | undefined)[];
/** Members that nobody can see, of which nobody has said anything yet. */
let unseen: Finding[];
/** What has happened, in its order. */
let order: string[];
let hurried: boolean;
/** How many namespaces are rolled before a window closes. */
let mostInWindow: number;

function gate(): GateResult {
  const held = short.length === 0 && unseen.length > 0;
  const omitted = Math.max(0, short.length - 2);
  return {
    ...{
      passed: short.length === 0 && !held,
      proxies: 9,
      proven: 9 - short.length,
      waived: 0,
      reverted: [],
      findings: [],
    },
    namespaces: short.slice(0, 2).map((name) => ({ name, outdated: 1 })),
    ...(held ? { findings: unseen, unconfirmed: unseen } : {}),
    ...(omitted > 0 ? { namespacesOmitted: omitted } : {}),
  };
}

function rotation(asking: RotationInput = {}): Rotation {
  return {
    input: { ...request(asking), linkerdNamespace: 'linkerd' },
    mesh: { extensions: [] },
    status: { stragglers: [], namespaces: [], waivers: [] },
    operator: {
      retries: () => 0,
      saidToRoll: () => hurried,
      waitForProxies: async () => void order.push('replacement'),
      waitUntil: async (_: string, { opens }: { opens: string }, { at }: { at: Date }) => {
        order.push(`window ${opens}`);
        vi.setSystemTime(at);
        await Promise.resolve();
      },
      attention: async ({ on }: { on: string[] }) => {
        asked.push(on);
        if (short.length === 0) unseen = []; // somebody waives them
        short = short.filter((name) => !stuck.includes(name)); // somebody repairs it
        await Promise.resolve();
      },
    },
    steps: {
      checkGate: async () => {
        order.push('look');
        return await Promise.resolve(gate());
      },
      awaitProxies: () => ({}),
      awaitInjection: async () => await Promise.resolve(rehearsed),
      reinject: async (_: string, input: () => { namespace: string }) => {
        const { namespace } = input();
        order.push(`roll ${namespace}`);
        short = short.filter((name) => name !== namespace);
        return await Promise.resolve({ namespace, stragglers: [] });
      },
      reinjectNamespaces: async (_: string, input: () => ReinjectNamespacesInput) => {
        const { waves, proveFirst, until } = input();
        const names = waves.flat();
        const inTime = names.slice(0, mostInWindow);
        const closed = until !== undefined && inTime.length < names.length;
        order.push(...inTime.map((name) => `roll ${name}`));
        rolled.push(...inTime);
        provenFirst.push(proveFirst);
        short = short.filter((name) => !inTime.includes(name) || stuck.includes(name));
        if (closed) vi.setSystemTime(until);
        const stragglers = inTime.filter((name) => stuck.includes(name)).map(() => straggler);
        return await Promise.resolve({ stragglers, shown: [], ...(closed ? { closed } : {}) });
      },
    },
  } as unknown as Rotation;
}

beforeEach(() => ([order, hurried, mostInWindow] = [[], false, Infinity]));
afterEach(() => void vi.useRealTimers());
beforeEach(() => ([rehearsed, provenFirst] = [[], []]));
beforeEach(() => ([short, rolled, stuck, asked, unseen] = [['ns-1', 'ns-2', 'ns-3', 'ns-4', 'ns-5'], [], [], [], []]));

describe('a mesh with more namespaces than a result names', () => {
  it('is rolled part by part, and nobody is asked', async () => {
    expect(row).toBeDefined();
    if (row) await converge(rotation(), row);
    expect(rolled).toEqual(['ns-1', 'ns-2', 'ns-3', 'ns-4', 'ns-5']);
    expect(asked).toEqual([]);
  });
  it('asks for help where a namespace is stuck', async () => {
    stuck = ['ns-1'];
    if (row) await converge(rotation(), row);
    expect(asked).toEqual([[expect.stringContaining('RolloutStuck: ns-1/Deployment/web')]]);
    expect(new Set(rolled)).toEqual(new Set(['ns-1', 'ns-2', 'ns-3', 'ns-4', 'ns-5']));
  });
});

describe('a rollout with windows', () => {
  const windows = [{ cron: '0 22 * * *', for: '2h' }];
  const [EVENING, OPEN] = ['2026-06-01T18:00:00Z', '2026-06-01T22:30:00Z'];
  const rolledAt = async (time: string, more: Partial<Rotation['status']> = {}, input: RotationInput = {}) => {
    vi.useFakeTimers({ now: new Date(time) });
    const under = rotation({ ...input, rollout: { ...input.rollout, windows } });
    Object.assign(under.status, more);
    if (row) await converge(under, { ...row, ...(input.rollout?.pace === 'organic' ? { organic: true } : {}) });
    return order;
  };
  const WINDOW = 'window 2026-06-01T22:00:00.000Z';

  it('begins when the next opens, with what is to be rolled by then', async () => {
    short = ['ns-1'];
    expect(await rolledAt(EVENING)).toEqual(['look', WINDOW, 'look', 'roll ns-1', 'look']);
  });
  it('begins at once while one is open', async () => {
    short = ['ns-1'];
    expect(await rolledAt(OPEN)).toEqual(['look', 'roll ns-1', 'look']);
  });
  it('waits for none where there is nothing to roll', async () => {
    short = [];
    expect(await rolledAt(EVENING)).toEqual(['look']);
  });
  it('begins at once when somebody says so', async () => {
    [short, hurried] = [['ns-1'], true];
    expect(await rolledAt(EVENING)).toEqual(['look', 'roll ns-1', 'look']);
  });
  it('begins at once where the root of the start has expired', async () => {
    short = ['ns-1'];
    expect(await rolledAt(EVENING, { recovery: 'root' })).toEqual(['look', 'roll ns-1', 'look']);
  });
  it('begins at once where the bridge certificate ends soon and there is no way back', async () => {
    short = ['ns-1'];
    const alerts = [{ reason: 'BridgeEnding', message: '', since: '' }];
    expect((await rolledAt(EVENING, { alerts })).includes(WINDOW)).toBe(true);
    [short, order] = [['ns-1'], []];
    expect(await rolledAt(EVENING, { alerts, pastPointOfNoReturn: true })).toEqual(['look', 'roll ns-1', 'look']);
  });
  it('waits for one before the control plane, and again where it has closed meanwhile', async () => {
    short = ['linkerd', 'ns-1'];
    const close = () => vi.setSystemTime('2026-06-02T00:30:00Z');
    const under = rotation({ rollout: { windows } });
    const { reinject } = under.steps;
    Object.assign(under.steps, {
      reinject: async (summary: string, input: () => { namespace: string }) => {
        if (input().namespace === 'linkerd') close();
        return await reinject(summary, input as never);
      },
    });
    vi.useFakeTimers({ now: new Date(EVENING) });
    if (row) await converge(under, row);
    expect(order).toEqual([
      ...['look', WINDOW, 'look', 'roll linkerd', 'roll linkerd', 'roll linkerd'],
      ...['window 2026-06-02T22:00:00.000Z', 'look', 'roll ns-1', 'look'],
    ]);
  });
  it('goes on in the next one where it closes in the middle', async () => {
    [short, mostInWindow] = [['ns-1', 'ns-2'], 1];
    const next = 'window 2026-06-02T22:00:00.000Z';
    expect(await rolledAt(OPEN)).toEqual(['look', 'roll ns-1', next, 'look', 'roll ns-2', 'look']);
  });
  it("lets the owners' own deployments replace pods meanwhile, and rolls what is left in a window", async () => {
    short = ['ns-1'];
    expect(await rolledAt(EVENING, {}, { rollout: { pace: 'organic' } })).toEqual([
      'look',
      'replacement',
      WINDOW,
      'look',
      'roll ns-1',
      'look',
    ]);
  });
});

describe('a mesh in which new pods are rehearsed', () => {
  it.each([
    ['is rolled at once where they come out right', [], ['ns-1'], undefined],
    [
      'begins each namespace with one workload where no dry run is taken',
      [rehearsalRefused('shop', 'no')],
      ['ns-1'],
      true,
    ],
  ])('%s', async (_what, found, names, first) => {
    [short, rehearsed] = [['ns-1'], found];
    if (row) await converge(rotation(), row);
    expect(rolled).toEqual(names);
    expect(provenFirst).toEqual([first]);
  });
  it('is not rolled where they come out wrong', async () => {
    [short, stuck, rehearsed] = [['ns-1'], ['ns-1'], [injectionBroken('shop', 'no proxy')]];
    if (row) await converge(rotation(), row);
    expect(rolled).toEqual([]);
    expect(asked).toEqual([[expect.stringContaining('InjectionBroken')]]);
  });
});

describe('a gate that is met by every proxy that can be seen', () => {
  const link: Finding = {
    ...{ reason: 'LinkedClusterUnconfirmed', severity: 'block', message: 'm' },
    subject: { kind: 'object', name: 'multicluster/Link/west' },
  };
  const patient = COURSES.patient.course.rows.find(({ phase }) => phase === 'approve');
  it.each([
    ['that rolls', row],
    ['that waits for renewals', patient],
  ])('asks for members that nobody can see, once, in a row %s', async (_which, course) => {
    [short, unseen] = [[], [link]];
    if (course) await converge(rotation(), course);
    expect(rolled).toEqual([]);
    expect(asked).toEqual([[expect.stringContaining('LinkedClusterUnconfirmed: multicluster/Link/west')]]);
  });
  it('does so after what has to be rolled', async () => {
    unseen = [link];
    if (row) await converge(rotation(), row);
    expect(rolled).toHaveLength(5);
    expect(asked).toHaveLength(1);
  });
});
