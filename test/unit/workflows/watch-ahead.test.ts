import { beforeEach, expect, it, vi } from 'vitest';
import type { RenewalLook } from '../../../src/rotation/watch.js';
import type { Expiry } from '../../../src/rotation/watch-expiry.js';
import { watchTrustRoot } from '../../../workflows/watch-trust-root.js';

/** What Temporal is asked for. */
const temporal = vi.hoisted(() => ({
  looks: [] as unknown[],
  started: [] as { type: string; options: { workflowId: string; args: unknown[]; memo: unknown } }[],
  seen: undefined as unknown,
}));

vi.mock('@temporalio/workflow', () => ({
  workflowInfo: () => ({ workflowId: 'watch-trust-root-prod-1', taskQueue: 'front', historyLength: 0 }),
  setHandler: () => undefined,
  defineQuery: (name: string) => name,
  defineUpdate: (name: string) => name,
  setCurrentDetails: () => undefined,
  upsertSearchAttributes: () => undefined,
  proxyLocalActivities: () => ({ knowsSearchAttributes: async () => await Promise.resolve(true) }),
  proxyActivities: () => ({
    lookForRenewal: async (input: unknown) => {
      temporal.looks.push(input);
      return await Promise.resolve(temporal.seen);
    },
  }),
  startChild: async (type: string, options: (typeof temporal.started)[number]['options']) => {
    temporal.started.push({ type, options });
    return await Promise.resolve({ workflowId: options.workflowId, firstExecutionRunId: 'run' });
  },
  condition: async () => await Promise.resolve(true),
  isCancellation: () => false,
  log: { info: () => undefined, warn: () => undefined },
  ActivityFailure: class extends Error {},
  TimeoutFailure: class extends Error {},
  ApplicationFailure: class extends Error {},
  ParentClosePolicy: { ABANDON: 'ABANDON' },
  ChildWorkflowCancellationType: { ABANDON: 'ABANDON' },
}));

const facts = (name: string, notAfter: string) => ({
  ...{ fingerprint: name.repeat(64), commonName: name, notBefore: '2017-01-01T00:00:00Z', notAfter },
});
const SOON = '2027-01-10T00:00:00Z';
const LATER = '2030-01-01T00:00:00Z';
const look = (root: string, issuer: string): RenewalLook => {
  const expiry: Expiry = {
    ...{ issuer: facts('i', issuer), owners: { bundle: 'reroot', issuer: 'reroot' } },
    ...{ hasRootKey: true, lastsMs: 3_600_000, stale: [] },
  };
  return {
    at: '2027-01-01T00:00:00Z',
    linkerdNamespace: 'linkerd',
    clusterUid: 'uid',
    inUse: [facts('a', root)],
    expiry,
  };
};
const rotation = { strategy: 'patient', issuer: { validity: '90d' } } as const;
const INPUT = { cluster: 'prod', before: '30d', once: true, rotation } as const;

beforeEach(() => Object.assign(temporal, { looks: [], started: [] }));

it('one look ahead of time starts nothing, and says what it has seen', async () => {
  temporal.seen = look(LATER, LATER);
  const report = await watchTrustRoot(INPUT);
  expect(report).toMatchObject({ cluster: 'prod', ahead: { before: 30 * 86_400_000 } });
  expect(report).not.toHaveProperty('alerts');
  expect(temporal.started).toEqual([]);
  expect(temporal.looks).toMatchObject([{ rotationId: 'trust-root-prod', expiry: { rotation } }]);
});

it.each([
  ['the root', look(SOON, SOON), 'rotateTrustRoot', 'a', { cluster: 'prod', ...rotation }],
  ['the issuer alone', look(LATER, SOON), 'rotateIssuer', 'i', { cluster: 'prod', issuer: rotation.issuer }],
] as const)(
  'one look at %s that is due starts its rotation, and does not wait for its end',
  async (_what, seen, type, name, input) => {
    temporal.seen = seen;
    const report = await watchTrustRoot(INPUT);
    const root = name.repeat(64);
    expect(report.rotation).toMatchObject({ workflowId: 'trust-root-prod', runId: 'run', root });
    const replaces = name === 'a' ? 'root' : 'issuer';
    const memo = { startedByWatch: { watch: 'watch-trust-root-prod-1', root, replaces } };
    expect(temporal.started).toMatchObject([
      { type, options: { workflowId: 'trust-root-prod', parentClosePolicy: 'ABANDON', memo } },
    ]);
    expect(temporal.started[0]?.options.args).toEqual([input]);
  },
);

it('without `before` nobody is asked about what expires', async () => {
  const { expiry: _, ...seen } = { ...look(SOON, SOON), certificate: 'cert-manager/root', root: facts('a', SOON) };
  temporal.seen = seen;
  expect((await watchTrustRoot({ once: true })).rotation).toBeUndefined();
  expect(temporal.looks).toEqual([{ rotationId: 'trust-root-default' }]);
});
