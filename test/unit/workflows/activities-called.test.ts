import { beforeEach, describe, expect, it, vi } from 'vitest';
import { courseOf, type CourseRef } from '../../../src/rotation/courses/index.js';
import { readInput } from '../../../src/rotation/input.js';
import type { AwaitIssuerResult, GateResult, PhaseInput } from '../../../src/rotation/payloads.js';
import type { ReinjectInput, ReinjectNamespacesInput } from '../../../src/rotation/rollout-payloads.js';
import type { RotationStatus } from '../../../src/rotation/status.js';
import { effectsOf } from '../../../workflows/effects.js';
import type { Operator, Work } from '../../../workflows/operator/index.js';
import { perform } from '../../../workflows/perform.js';
import type { Rotation } from '../../../workflows/rotation.js';
import { interruptibleSteps } from '../../../workflows/steps.js';

/** The cluster as activities answer for it, on its own task queue: two namespaces, every gate short until it is waited for or rolled. */
const cluster = vi.hoisted(() => ({
  calls: [] as string[],
  proven: new Set<string>(),
  issuer: 'updated' as AwaitIssuerResult['outcome'],
}));

vi.mock('@temporalio/workflow', () => {
  const short = (phase: string) => [
    { name: 'linkerd', outdated: 2 },
    ...(phase === 'issue' || phase === 'bridge' ? [] : [{ name: 'shop', outdated: 3 }]),
  ];
  const answers: Record<string, (input: never) => unknown> = {
    checkGate: ({ phase }: PhaseInput): Partial<GateResult> => {
      const passed = cluster.proven.has(phase);
      return { passed, proxies: 5, proven: passed ? 5 : 0, reverted: [], findings: [], namespaces: short(phase) };
    },
    reinject: ({ phase, namespace, only }: ReinjectInput) => {
      cluster.calls.push(`reinject ${phase} ${namespace}${only ? ` ${only.join()}` : ''}`);
      if (phase === 'issue' || phase === 'bridge') cluster.proven.add(phase);
      return { namespace, phase, stragglers: [] };
    },
    reinjectNamespaces: ({ phase, waves }: ReinjectNamespacesInput) => {
      cluster.calls.push(`reinject ${phase} ${waves.flat().join()}`);
      cluster.proven.add(phase);
      return { phase, stragglers: [], shown: [] };
    },
    awaitProxies: ({ phase }: PhaseInput) => {
      cluster.proven.add(phase);
      return { ended: 'met', proxies: 5, proven: 5, late: [] };
    },
    writeIssuer: () => ({ swappedAt: '2026-01-01T00:00:00Z', written: ['Secret linkerd-identity-issuer'] }),
    awaitIssuer: () => ({ outcome: cluster.issuer, message: '' }),
    awaitInjection: () => [],
    addTarget: () => ({ written: [] }),
    dropRetired: () => ({ written: [] }),
    makePlan: () => ({ hash: 'h', phases: [], workloadNames: [], retire: [], keep: [], target: 'T' }),
  };
  const labels: Record<string, (input: { phase?: string; state?: string }) => string> = {
    reinject: () => '',
    reinjectNamespaces: () => '',
    writeIssuer: ({ state }) => `writeIssuer ${state}`,
  };
  const activity = (name: string) => async (input: never) => {
    const { phase = '' } = input as { phase?: string };
    const label = labels[name]?.(input) ?? `${name} ${phase}`.trim();
    if (label) cluster.calls.push(label);
    return await Promise.resolve(answers[name]?.(input));
  };
  return {
    proxyActivities: ({ taskQueue }: { taskQueue?: string }) =>
      new Proxy(
        {},
        {
          get: (_, name: string) => {
            if (taskQueue !== 'front-prod') throw new Error(`${name} is called on ${taskQueue ?? 'the front queue'}`);
            return Object.assign(activity(name), {
              executeWithOptions: async (_options: object, [input]: [never]) => await activity(name)(input),
            });
          },
        },
      ),
    workflowInfo: () => ({ taskQueue: 'front' }),
    setCurrentDetails: () => undefined,
    patched: () => true,
    proxyLocalActivities: () => ({ knowsSearchAttributes: async () => await Promise.resolve(true) }),
    upsertSearchAttributes: () => undefined,
    log: { info: () => undefined, warn: () => undefined },
  };
});

/** Nobody says anything, but approves what is asked for. */
const operator = {
  begins: () => undefined,
  retries: () => 0,
  interruptible: async <T>({ once, proof }: Work<T>) => {
    await proof?.prove();
    return await once();
  },
  waitForProxies: async <T>(_phase: string, _waiting: object, { once }: Work<T>) => await once(),
  saidToRoll: () => false,
  said: () => ({}),
  approval: async (phase: string) => {
    cluster.calls.push(`approval of ${phase}`);
    return await Promise.resolve({ phase, planHash: 'h', at: '' });
  },
} as unknown as Operator;

async function called(ref: Partial<CourseRef>, approvals: 'none' | 'beforeRetire' = 'none'): Promise<string[]> {
  const read = readInput({ approvals });
  if (!read.ok) throw new Error(read.problems.join());
  const course: CourseRef = { strategy: 'bridge', leafRenewal: 'wait', direction: 'forward', ...ref };
  const rotation = {
    input: { settings: read.settings, course, linkerdNamespace: 'linkerd' },
    course: courseOf(course),
    mesh: { extensions: [] },
    status: {
      cluster: 'prod',
      phases: [],
      namespaces: [],
      stragglers: [],
      waivers: [],
      notes: [],
      approvals: [],
    } as unknown as RotationStatus,
    operator,
    steps: interruptibleSteps(operator, 'prod'),
  } as unknown as Rotation;
  await perform(rotation.course, effectsOf(rotation));
  return cluster.calls;
}

beforeEach(() => {
  cluster.calls = [];
  cluster.proven = new Set();
  cluster.issuer = 'updated';
});

/** A rollout of everything: identity, the injector, the rest of the control plane, then the namespaces. */
const rollout = (phase: string) => [
  `checkGate ${phase}`,
  `reinject ${phase} linkerd linkerd-identity`,
  `reinject ${phase} linkerd linkerd-proxy-injector`,
  `reinject ${phase} linkerd`,
  `awaitInjection ${phase}`,
  `reinject ${phase} shop`,
  `checkGate ${phase}`,
];
const wait = (phase: string) => [`checkGate ${phase}`, `awaitProxies ${phase}`, `checkGate ${phase}`];
const identityAlone = (phase: string) => [
  `checkGate ${phase}`,
  `reinject ${phase} linkerd linkerd-identity`,
  `checkGate ${phase}`,
];

describe('the activities of a course', () => {
  it('of standard: three rollouts, and identity restarted for a gate that its event does not stand for', async () => {
    cluster.proven.add('approve');
    expect(await called({ strategy: 'standard' })).toEqual([
      'addTarget',
      ...rollout('trust'),
      'checkGate trust', // swap safety, right before the write
      'writeIssuer new',
      'awaitIssuer issue',
      'checkGate issue',
      'reinject issue linkerd linkerd-identity',
      'checkGate issue',
      ...rollout('renew'),
      'checkGate approve', // prune safety, right before the write
      'dropRetired',
      ...rollout('retire'),
    ]);
  });
  it('of a bridge: one rollout, between two waits', async () => {
    for (const phase of ['trust', 'approve']) cluster.proven.add(phase);
    expect(await called({})).toEqual([
      'addTarget',
      'checkGate trust',
      'writeIssuer bridge',
      'awaitIssuer bridge',
      ...wait('renew'),
      'writeIssuer crossover',
      'checkGate approve', // prune safety, right before the write
      'dropRetired',
      ...rollout('retire'),
      'checkGate retire', // swap safety, right before the write
      'writeIssuer new',
      'awaitIssuer issue',
      ...wait('refresh'),
    ]);
  });
  it('of a bridge whose identity says nothing: it is restarted, and then shows what it hands out', async () => {
    for (const phase of ['trust', 'renew', 'approve', 'retire', 'refresh']) cluster.proven.add(phase);
    cluster.issuer = 'silent';
    const calls = await called({});
    const bridge = calls.slice(calls.indexOf('awaitIssuer bridge') + 1, calls.indexOf('checkGate renew'));
    const issue = calls.slice(calls.indexOf('awaitIssuer issue') + 1, calls.indexOf('checkGate refresh'));
    expect(bridge).toEqual(identityAlone('bridge'));
    expect(issue).toEqual(identityAlone('issue'));
  });
  it('with an approval: a plan before it, the gate and a plan after it, and the gate again before the write', async () => {
    for (const phase of ['trust', 'issue', 'renew', 'approve', 'retire']) cluster.proven.add(phase);
    const calls = await called({ strategy: 'standard' }, 'beforeRetire');
    expect(calls.slice(calls.indexOf('makePlan'), calls.indexOf('dropRetired') + 1)).toEqual([
      'makePlan',
      'approval of retire',
      'checkGate approve',
      'makePlan',
      'checkGate approve',
      'dropRetired',
    ]);
  });
  it('of the way back: the issuer of the start, then the bundle without the new root', async () => {
    for (const phase of ['trust', 'issue', 'renew', 'retire']) cluster.proven.add(phase);
    expect(await called({ direction: 'back' })).toEqual([
      'addTarget',
      'checkGate trust', // everybody trusts the root of the start
      'checkGate trust',
      'writeIssuer previous',
      'awaitIssuer issue',
      'checkGate issue',
      'checkGate renew',
      'dropRetired',
      'checkGate retire',
    ]);
  });
});
