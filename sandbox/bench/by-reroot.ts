import { mkdirSync } from 'node:fs';
import { Client, Connection, WorkflowFailedError, type WorkflowHandle } from '@temporalio/client';
import { follow } from '../../src/cli/view/follow.js';
import { createKubernetes, type Kubernetes } from '../../src/kubernetes/client.js';
import type { StrategyName } from '../../src/rotation/courses/index.js';
import type { RotationInput } from '../../src/rotation/input.js';
import type { RotationReport } from '../../src/rotation/report.js';
import type { RotationStatus } from '../../src/rotation/status.js';
import { TASK_QUEUE, WORKFLOW_TYPE } from '../../src/temporal/names.js';
import { type Sandbox, startWorkerProcess, type WorkerProcess } from '../kit/index.js';
import { historyFigures } from './history.js';
import { type Account, secondsSince } from './measure.js';
import { workerFigures } from './worker-figures.js';

export interface RerootRun {
  strategy: StrategyName;
  /** Beside the strategy; nobody is asked anything. Default: looks twice a second, as the scripts do. */
  input?: RotationInput;
  /** After which Temporal ends it, in milliseconds. */
  deadlineMs?: number;
  /** What somebody else does to the cluster, told of each status. */
  meanwhile?: (k8s: Kubernetes) => (status: RotationStatus) => Promise<void>;
  /** Tells of each phase only: whoever follows every change is a load, too. */
  quiet?: boolean;
  /** Default: 1. They share out a proof of a large mesh. */
  workers?: number;
  /** Gets the worker's CPU profiles. */
  profiles?: string;
  /** Told of each. */
  onWorker?: (worker: WorkerProcess) => void;
}

const TIMING = { poll: '500ms', issuerEvent: '30s' } as const;

/** With worker processes of its own, whose start counts. */
export async function byReroot(sandbox: Sandbox, run: RerootRun): Promise<Account> {
  const { strategy, input = { timing: TIMING }, deadlineMs = 20 * 60_000 } = run;
  const started = Date.now();
  const workers = Array.from({ length: run.workers ?? 1 }, () =>
    startWorkerProcess(sandbox, {}, undefined, run.profiles ? profiling(run.profiles) : []),
  );
  for (const worker of workers) run.onWorker?.(worker);
  const stop = async () => void (await Promise.all(workers.map(async (worker) => await worker.stop())));
  const connection = await Connection.connect({ address: sandbox.temporal.address });
  try {
    const handle = await new Client({ connection }).workflow.start(WORKFLOW_TYPE, {
      taskQueue: TASK_QUEUE,
      workflowId: `bench-${strategy}`,
      workflowExecutionTimeout: deadlineMs,
      args: [{ approvals: 'none', ...input, strategy } satisfies RotationInput],
    });
    await (run.quiet ? tellPhases(handle) : followWith(sandbox, handle, run));
    const end = await handle.result().then((report) => told(report, started), failed);
    const seconds = secondsSince(started);
    const history = await historyFigures(handle);
    await stop();
    const worker = workerFigures(workers);
    return { ...end, seconds, historyEvents: history.events, workerPeakRssMb: worker.peakRssMb, history, worker };
  } finally {
    await connection.close();
    await stop();
  }
}

/** Node writes them when the worker ends; with one sample in two milliseconds they stay small over half an hour. */
function profiling(folder: string): string[] {
  mkdirSync(folder, { recursive: true });
  return ['--cpu-prof', `--cpu-prof-dir=${folder}`, '--cpu-prof-interval=2000'];
}

async function followWith(
  sandbox: Sandbox,
  handle: WorkflowHandle,
  { meanwhile = () => async () => {} }: RerootRun,
): Promise<void> {
  const others = meanwhile(createKubernetes({ kubeconfig: sandbox.adminKubeconfig }));
  const background: Promise<void>[] = [];
  await follow(handle, {
    output: process.stderr,
    signal: new AbortController().signal,
    server: sandbox.temporal.address,
    onStatus: (status) => void background.push(others(status)),
  });
  await Promise.all(background);
}

const PHASE_LOOK_MS = 5000;

/** A line for each phase that is seen, until the rotation ends. */
async function tellPhases(handle: WorkflowHandle): Promise<void> {
  const began = Date.now();
  let seen = '';
  const look = async (): Promise<void> => {
    const { phase, waiting } = await handle.query<RotationStatus>('status');
    const words = [phase, ...(waiting ? [`waits for ${waiting.for}`] : [])].join(', ');
    if (words !== seen) process.stderr.write(`  ${Math.round(secondsSince(began))} s: ${words}\n`);
    seen = words;
  };
  const timer = setInterval(() => void look().catch(() => undefined), PHASE_LOOK_MS);
  await handle.result().catch(() => undefined);
  clearInterval(timer);
}

type End = Pick<Account, 'outcome' | 'parts'>;

function told(result: unknown, started: number): End {
  const { outcome, phases } = result as RotationReport;
  const parts = phases.map(({ phase, startedAt = '', finishedAt = '' }) => ({
    name: phase,
    beganAt: Math.round((Date.parse(startedAt) - started) / 100) / 10,
    seconds: Math.round((Date.parse(finishedAt) - Date.parse(startedAt)) / 100) / 10,
  }));
  return { outcome, parts };
}

function failed(error: unknown): End {
  if (!(error instanceof WorkflowFailedError)) throw error;
  return { outcome: `failed: ${error.cause?.message ?? error.message}`, parts: [] };
}
