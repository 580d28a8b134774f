import { expect } from 'vitest';
import { Client, Connection, type WorkflowHandle } from '@temporalio/client';
import {
  bundleAnchors,
  type ChartRelease,
  dataPlaneGenerations,
  installChart,
  rolloutsBetween,
  type Sandbox,
  type StartOptions,
  startSandbox,
  startWorkerProcess,
  type Values,
  type WorkerProcess,
} from '../../sandbox/kit/index.js';
import { createKubernetes, type Kubernetes } from '../../src/kubernetes/client.js';
import { decode } from '../../src/kubernetes/base64.js';
import { ifThere } from '../../src/kubernetes/errors.js';
import { encoded } from '../../src/records/own-object.js';
import type { IssuerInput, RotationInput } from '../../src/rotation/input.js';
import type { RotationReport } from '../../src/rotation/report.js';
import type { Waiting } from '../../src/rotation/status.js';
import { eventually, reportOf, ROTATION_MS, statusOf } from './support.js';

/**
 * Leaves that are renewed after 17 s: the waits of the gentle strategies are real, but short. (identity adds its clock
 * skew of 20 s at either end; proxies try again sooner than Linkerd's do, in proportion.)
 */
export const SHORT_LEAVES = { issuanceLifetime: '5s', minRefreshMs: 2000 };

/** Longest start of a sandbox that has cert-manager: whoever is the first to ask for it builds it. */
export const BUILDING_MS = 15 * 60_000;

/** A mesh of a test's own, with a worker. */
export interface OwnMesh {
  sandbox: Sandbox;
  k8s: Kubernetes;
  /** Where the workers are those of a release of the chart. */
  release?: ChartRelease;
  worker(): WorkerProcess;
  /** SIGKILL, and another. */
  killWorker(): Promise<void>;
  /** SIGTERM, and another: of this version, or of the one whose CLI is named. */
  changeWorker(program?: string, env?: NodeJS.ProcessEnv): Promise<void>;
  start(input: RotationInput): Promise<WorkflowHandle>;
  /** Ends what a test that failed has left running. */
  endRotations(): Promise<void>;
  startIssuer(input: IssuerInput): Promise<WorkflowHandle>;
  /** What an abort must bring back. */
  certificates(): Promise<Certificates>;
  /** Rollouts of the data plane since. */
  rolloutsSince(): Promise<() => Promise<number>>;
  /** Data of a Secret in the Linkerd namespace. */
  secret(name: string): Promise<Record<string, string>>;
  stop(): Promise<void>;
}

export interface Certificates {
  bundle: string[];
  issuer: Record<string, string>;
  overrides: Record<string, string>;
  trusted: string[];
}

let counter = 0;

/** Who does the work in a mesh. */
interface Workforce {
  worker(): WorkerProcess;
  killWorker(): Promise<void>;
  changeWorker(program?: string, env?: NodeJS.ProcessEnv): Promise<void>;
  release?: ChartRelease;
  stop(): Promise<void>;
}

function oneWorker(sandbox: Sandbox): Workforce {
  let worker = startWorkerProcess(sandbox);
  return {
    worker: () => worker,
    killWorker: async () => {
      await worker.kill();
      worker = startWorkerProcess(sandbox);
    },
    changeWorker: async (program, env = {}) => {
      await worker.stop();
      worker = startWorkerProcess(sandbox, env, program);
    },
    stop: async () => await worker.stop(),
  };
}

/** Those of the chart, which are killed all at once, and started again. */
async function workersOfChart(sandbox: Sandbox, values: Values): Promise<Workforce> {
  const release = await installChart(sandbox, values);
  const none = (): never => {
    throw new Error('the workers are those of the chart');
  };
  return {
    worker: none,
    killWorker: async () => await Promise.resolve(void release.workers.killAll()),
    changeWorker: none,
    release,
    stop: release.stop,
  };
}

/** @param chart values of a release of the chart, whose workers do the work; nothing else of deploy is there */
export async function ownMesh({ chart, ...options }: StartOptions & { chart?: Values } = {}): Promise<OwnMesh> {
  const sandbox = await startSandbox({
    ...{ apps: 'small', kubeletLagMs: 500, probeRate: 150, ...SHORT_LEAVES, ...options },
    ...(chart ? { deploy: 'nothing' } : {}),
  });
  const k8s = createKubernetes({ kubeconfig: sandbox.adminKubeconfig, requestsPerSecond: 500 });
  const connection = await Connection.connect({ address: sandbox.temporal.address });
  const client = new Client({ connection });
  const { stop: stopWorkers, ...workforce } = await (chart ? workersOfChart(sandbox, chart) : oneWorker(sandbox));
  const start = async (type: string, input: object) =>
    await client.workflow.start(type, {
      taskQueue: 'reroot',
      workflowId: `own-${(counter += 1)}`,
      args: [{ timing: { poll: '250ms', issuerEvent: '20s' }, ...input }],
    });
  const secret = async (name: string) => {
    const { data = {} } = await k8s.core.readNamespacedSecret({ name, namespace: 'linkerd' });
    return Object.fromEntries(Object.entries(data).map(([key, value]) => [key, decode(value)]));
  };
  return {
    sandbox,
    k8s,
    ...workforce,
    start: async (input) => await start('rotateTrustRoot', input),
    startIssuer: async (input) => await start('rotateIssuer', input),
    certificates: async () => ({
      bundle: await bundleAnchors(k8s),
      issuer: await secret('linkerd-identity-issuer'),
      overrides: (await ifThere(secret('linkerd-config-overrides'))) ?? {}, // none where Helm has installed it
      trusted: [...new Set((await sandbox.mesh.status()).proxies.flatMap(({ anchors }) => anchors))].toSorted((a, b) =>
        a.localeCompare(b, 'en'),
      ),
    }),
    rolloutsSince: async () => {
      const before = await dataPlaneGenerations(sandbox);
      return async () => rolloutsBetween(before, await dataPlaneGenerations(sandbox));
    },
    secret,
    endRotations: async () => {
      for await (const { workflowId } of client.workflow.list({ query: "ExecutionStatus = 'Running'" }))
        await client.workflow
          .getHandle(workflowId)
          .terminate('end of a test')
          .catch(() => undefined);
    },
    stop: async () => {
      await connection.close();
      await stopWorkers();
      await sandbox.stop();
    },
  };
}

/** Says yes to whatever a rotation asks, until it ends. Fails as soon as it waits for a person to repair something. */
export async function seenThrough(handle: WorkflowHandle): Promise<RotationReport> {
  // by its id alone: the handle of a start asks for the run that it began
  const rotation = handle.client.getHandle(handle.workflowId);
  let trouble: Waiting | undefined;
  await eventually(
    `rotation ${handle.workflowId} to end`,
    async () => {
      if ((await rotation.describe()).status.name !== 'RUNNING') return true;
      const { waiting } = await statusOf(rotation);
      if (waiting?.kind === 'approval') await approve(rotation, waiting.planHash);
      if (waiting?.kind === 'attention' || waiting?.kind === 'paused') trouble = waiting;
      return trouble !== undefined;
    },
    ROTATION_MS,
  );
  if (trouble) throw new Error(`it waits for ${trouble.for}: ${trouble.on.join('; ')}`);
  return await reportOf(rotation);
}

/** Certificates of one's own, as texts: the Secret, and its name in the Role, as deploy/rbac/core.yaml says. */
export async function supply({ k8s }: OwnMesh, name: string, texts: Record<string, string>): Promise<void> {
  const value = { apiGroups: [''], resources: ['secrets'], resourceNames: [name], verbs: ['get'] };
  const at = { name: 'reroot', namespace: 'linkerd' };
  await k8s.rbac.patchNamespacedRole({ ...at, body: [{ op: 'add', path: '/rules/-', value }] });
  const body = { metadata: { name }, data: encoded(texts) };
  await k8s.core.createNamespacedSecret({ namespace: 'linkerd', body });
}

export async function approve(handle: WorkflowHandle, planHash: string | undefined): Promise<void> {
  await handle.executeUpdate('approve', { args: [{ planHash: planHash ?? '', by: 'tester' }] });
}

/** Nobody was refused since the probe's counters were reset. */
export async function expectNoRefusal({ sandbox }: Pick<OwnMesh, 'sandbox'>): Promise<void> {
  const { refused, lastRefusals } = await sandbox.mesh.probe();
  expect(lastRefusals).toEqual([]);
  expect(refused).toBe(0);
}
