import { beforeEach, describe, expect, it, vi } from 'vitest';
import { COURSES } from '../../../src/rotation/courses/index.js';
import type { Finding } from '../../../src/rotation/findings.js';
import type { GateResult } from '../../../src/rotation/payloads.js';
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

function rotation(): Rotation {
  return {
    input: { ...request(), linkerdNamespace: 'linkerd' },
    mesh: { extensions: [] },
    status: { stragglers: [], namespaces: [], waivers: [] },
    operator: {
      retries: () => 0,
      saidToRoll: () => false,
      attention: async ({ on }: { on: string[] }) => {
        asked.push(on);
        if (short.length === 0) unseen = []; // somebody waives them
        short = short.filter((name) => !stuck.includes(name)); // somebody repairs it
        await Promise.resolve();
      },
    },
    steps: {
      checkGate: async () => await Promise.resolve(gate()),
      awaitInjection: async () => await Promise.resolve(rehearsed),
      reinject: async (_: string, input: () => { namespace: string; proveFirst?: boolean }) => {
        const { namespace, proveFirst } = input();
        rolled.push(namespace);
        provenFirst.push(proveFirst);
        if (stuck.includes(namespace)) return await Promise.resolve({ namespace, stragglers: [straggler] });
        short = short.filter((name) => name !== namespace);
        return await Promise.resolve({ namespace, stragglers: [] });
      },
    },
  } as unknown as Rotation;
}

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
