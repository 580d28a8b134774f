import path from 'node:path';
import { Context } from '@temporalio/activity';
import { Client, Connection, type WorkflowHandle } from '@temporalio/client';
import { DefaultLogger, NativeConnection, Runtime, Worker } from '@temporalio/worker';
import { withHeartbeat } from '../../activities/kit/heartbeat.js';
import type { RotationInput } from '../../src/rotation/input.js';
import type { GenerateResult, PlanResult } from '../../src/rotation/payloads.js';
import type { RenewalLook } from '../../src/rotation/watch.js';
import type { WatchInput } from '../../src/rotation/watch-input.js';
import { stepQueue } from '../../src/temporal/names.js';
import { sandbox } from './support.js';

type Answers = Record<string, (input: never) => unknown>;

/**
 * The workflow on a real Temporal server, with activities that a test answers for: for what takes a mesh weeks, or a person
 * a bad day, to bring about. Whether the activities do what they say is for the other tests.
 */
export interface FakeCluster {
  given: {
    /** Activities that were begun, in their order, with the state that they write or the phase that they are for. */
    calls: string[];
    /** What an activity answers instead of the usual. */
    answers: Answers;
  };
  start(input?: RotationInput): Promise<WorkflowHandle>;
  /** A watch of the same cluster. */
  watch(input?: WatchInput): Promise<WorkflowHandle>;
  stop(): Promise<void>;
}

export const certificate = (name: string, days = 365) => ({
  fingerprint: name.repeat(8),
  commonName: name,
  notBefore: new Date().toISOString(),
  notAfter: new Date(Date.now() + days * 86_400_000).toISOString(),
});

export const ROOTS: GenerateResult = {
  root: certificate('newroot1'),
  issuer: certificate('newissue'),
  issuerOfStart: certificate('oldissue'),
  retire: [certificate('oldroot1')],
  adopted: false,
  pastPointOfNoReturn: false,
};

export const PLAN = {
  ...{
    cluster: 'default',
    linkerdNamespace: 'linkerd',
    strategy: 'bridge',
    rollouts: 1,
    phases: [],
    proxies: 3,
    workloads: 1,
  },
  namespaces: [{ name: 'shop', workloads: 1, proxies: 3 }],
  ...{
    workloadNames: ['shop/Deployment/web'],
    retire: [certificate('oldroot1').fingerprint],
    keep: [],
    hash: '0123456789abcdef',
  },
} as unknown as PlanResult['plan'];

/** The root of the start is in use, and in both Secrets. */
export const IN_STEP: RenewalLook = {
  ...{ at: new Date().toISOString(), linkerdNamespace: 'linkerd', clusterUid: 'uid' },
  ...{
    certificate: 'cert-manager/linkerd-trust-anchor',
    root: certificate('oldroot1'),
    inUse: [certificate('oldroot1')],
  },
  previous: { secret: 'cert-manager/linkerd-previous-anchor', holds: [certificate('oldroot1').fingerprint] },
};

const USUAL: Answers = {
  lookForRenewal: () => IN_STEP,
  keepPreviousRoot: () => IN_STEP,
  hello: () => ({ clusterUid: 'uid', apiServer: 'https://fake' }),
  acquireLease: () => undefined,
  releaseLease: () => undefined,
  preflight: () => ({
    ...{
      linkerdNamespace: 'linkerd',
      linkerdVersion: 'edge-1',
      layout: 'd',
      leafLifeMs: 86_400_000,
      apiServer: 'fake',
    },
    ...{ clusterUid: 'uid', findings: [], plan: PLAN, extensions: [] },
  }),
  generate: () => ROOTS,
  checkGate: () => ({ passed: true, proxies: 3, proven: 3, waived: 0, namespaces: [], reverted: [], findings: [] }),
  makePlan: () => PLAN,
  addTarget: () => ({ written: [] }),
  dropRetired: () => ({ written: [] }),
  writeIssuer: () => ({ swappedAt: new Date().toISOString(), written: ['Secret'] }),
  awaitIssuer: () => ({ outcome: 'updated', message: 'updated' }),
  awaitInjection: () => [],
  awaitProxies: () => ({ ended: 'met', proxies: 3, proven: 3, late: [], reverted: [] }),
  reinject: () => ({ namespace: 'shop', stragglers: [] }),
  reinjectNamespaces: () => ({ stragglers: [], shown: [] }),
  keepBridge: () => ({ notAfter: certificate('bridge').notAfter, renewable: true, endsSoon: false }),
  putBack: () => ({ putBack: true, changed: true }),
  discard: () => ({ discarded: true }),
  finish: () => undefined,
};

let counter = 0;

export async function fakeCluster(): Promise<FakeCluster> {
  Runtime.install({ logger: new DefaultLogger('ERROR') });
  const front = `fake-${Date.now()}`;
  const connection = await NativeConnection.connect({ address: sandbox.temporal.address });
  const fake: FakeCluster['given'] = { calls: [], answers: {} };
  const activity = (name: string) => async (input: never) => {
    const { phase, state } = (input ?? {}) as { phase?: string; state?: string };
    fake.calls.push([name, state ?? phase].filter(Boolean).join(' '));
    const answer = Promise.resolve((fake.answers[name] ?? USUAL[name])?.(input));
    return await Promise.race([answer, Context.current().cancelled]);
  };
  const names = [...Object.keys(USUAL), 'awaitChange', 'awaitApproval'];
  const activities = withHeartbeat(Object.fromEntries(names.map((name) => [name, activity(name)])));
  const workflowsPath = path.resolve(import.meta.dirname, '../../workflows/index.ts');
  const workers = [
    await Worker.create({
      connection,
      taskQueue: front,
      workflowsPath,
      activities: {
        knowsSearchAttributes: async () => await Promise.resolve(true),
        countWorkers: async () => await Promise.resolve(1),
      },
      enableNonLocalActivities: false,
    }),
    await Worker.create({ connection, taskQueue: stepQueue(front, 'default'), activities }),
  ];
  const ended = Promise.all(workers.map(async (worker) => await worker.run()));
  const own = await Connection.connect({ address: sandbox.temporal.address });
  const { workflow } = new Client({ connection: own });
  const started = async (type: string, input: object) =>
    await workflow.start(type, { taskQueue: front, workflowId: `${front}-${(counter += 1)}`, args: [input] });
  return {
    given: fake,
    start: async (input = {}) => await started('rotateTrustRoot', input),
    watch: async (input = {}) => await started('watchTrustRoot', input),
    stop: async () => {
      for (const worker of workers) worker.shutdown();
      await ended;
      await connection.close();
      await own.close();
    },
  };
}
