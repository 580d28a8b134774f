import { fileURLToPath } from 'node:url';
import { existsSync } from 'node:fs';
import { NativeConnection, Worker, type WorkerOptions } from '@temporalio/worker';
import type { Logger } from 'pino';
import { createActivities } from '../activities/index.js';
import type { Kubernetes } from '../src/kubernetes/client.js';
import { workerIdentity } from '../src/temporal/build.js';
import { loadTemporalConfig, type TemporalConfig } from '../src/temporal/config.js';
import { type FrontActivities, stepQueue } from '../src/temporal/names.js';
import { pollersOf, RECENT_MS, STEPS } from '../src/temporal/pollers.js';
import { ensureSearchAttributes } from '../src/temporal/search-attributes.js';
import { connectionTrouble } from '../src/temporal/trouble.js';
import { clusterAccess, refuseUnverified } from './access.js';
import type { WorkerConfig } from './config.js';
import { type Observer, observerOf } from './observe.js';
import { installTemporalRuntime } from './log.js';
import type { WorkflowSource } from './replay.js';
import { startTracing, type Tracing } from './tracing.js';
import { adoptOldRuns } from './upgrade.js';

/** Bounded: what is scarce is the cluster's API server. */
const MOST_ACTIVITIES = 50;

/** A worker that is polling: workflows of every cluster, and the steps of its own. */
export interface RunningWorker {
  /** Ends when both its queues have ended, which they do together. */
  ended: Promise<void>;
  /** Lets running activities end within the grace time, then cancels them; Temporal hands them to the next worker. */
  stop(): void;
}

/**
 * Connects, checks what it needs, and starts polling.
 * @throws Error when Temporal or the kubeconfig cannot be used, or the API server is not verified; nothing is left running
 */
export async function startWorker(config: WorkerConfig, env: NodeJS.ProcessEnv, log: Logger): Promise<RunningWorker> {
  const observer = observerOf(config, log);
  const { k8s, prober } = clusterAccess(config, env, observer?.onAnswer);
  const unverified = refuseUnverified(k8s, config);
  if (unverified !== undefined) log.warn({ apiServer: k8s.server }, unverified);
  const temporal = loadTemporalConfig(env);
  const { namespace, address } = temporal;
  // last: it keeps the process alive until a connection has been there
  installTemporalRuntime(log, config.REROOT_METRICS_ADDRESS);
  const tracing = await startTracing(env, log);
  const { connectionOptions } = temporal;
  const connection = await explained(temporal, async () => await NativeConnection.connect(connectionOptions));
  const shared = {
    ...{ ...tracing?.options, identity: workerIdentity(), connection, namespace },
    shutdownGraceTime: config.REROOT_SHUTDOWN_GRACE_S * 1000,
    shutdownForceTime: (config.REROOT_SHUTDOWN_GRACE_S + 10) * 1000,
  };
  const queues = {
    workflows: config.REROOT_TASK_QUEUE,
    steps: stepQueue(config.REROOT_TASK_QUEUE, config.REROOT_CLUSTER),
  };
  try {
    const ensure = async () => await ensureSearchAttributes(connection, temporal);
    const { absent, known } = await explained(temporal, ensure);
    if (absent !== undefined) log.warn({ namespace }, absent);
    const answers: FrontActivities = {
      knowsSearchAttributes: known,
      countWorkers: async (cluster) => {
        const queue = stepQueue(config.REROOT_TASK_QUEUE, cluster);
        return await countPollers(connection, namespace, queue).catch(() => 1);
      },
    };
    const frontOptions = workflowOptions(answers, tracing !== undefined);
    const front = await Worker.create({ ...shared, taskQueue: queues.workflows, ...frontOptions });
    const workers = [
      front,
      await Worker.create({
        ...shared,
        taskQueue: queues.steps,
        ...stepOptions(
          { k8s, prober, temporalAddress: address, approvals: config.REROOT_APPROVALS },
          observer,
          tracing,
        ),
      }),
    ];
    const operating = await observer?.start({ k8s, prober, connection, namespace, workers });
    const [apiServer, http] = [k8s.server, operating?.url];
    const where = { temporal: address, namespace, cluster: config.REROOT_CLUSTER, queues, apiServer, http };
    log.info({ ...where, reach: prober.reach }, 'worker polls');
    const ended = runToEnd(workers, connection, async () => {
      sayEnd(log, k8s);
      await Promise.all([operating?.stop(), tracing?.end()]);
    });
    void adoptOldRuns(front, { connection, source: workflowSource(), log, until: ended });
    return { ended, stop: () => stopAll(workers) };
  } catch (error) {
    await connection.close().catch(() => undefined); // what was made and does not run holds it
    throw error;
  }
}

async function countPollers({ workflowService }: NativeConnection, namespace: string, queue: string): Promise<number> {
  const pollers = await pollersOf(workflowService, { namespace, queue, type: STEPS });
  const recent = pollers.filter(({ polledAt }) => Date.now() - polledAt < RECENT_MS);
  return new Set(recent.map(({ identity }) => identity)).size;
}

/** @throws Error that says which setting to look at */
async function explained<T>(temporal: TemporalConfig, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw new Error(await connectionTrouble(error, temporal), { cause: error });
  }
}

/** @param answers what workflows ask of the worker that moves them along; it polls for no steps */
function workflowOptions(answers: FrontActivities, traced: boolean): Partial<WorkerOptions> {
  return {
    maxCachedWorkflows: 20,
    workflowThreadPoolSize: 1, // each thread has the whole bundle in memory; rotations have little to do
    stickyQueueScheduleToStartTimeout: '5s',
    activities: { ...answers },
    enableNonLocalActivities: false,
    ...workflowSource(traced ? 'workflows-traced' : 'workflows'),
  };
}

function stepOptions(
  dependencies: Parameters<typeof createActivities>[0],
  observer: Observer | undefined,
  tracing: Tracing | undefined,
): Partial<WorkerOptions> {
  const traced = tracing?.options.interceptors;
  return {
    activities: createActivities(dependencies),
    maxConcurrentActivityTaskExecutions: MOST_ACTIVITIES,
    maxHeartbeatThrottleInterval: '1s',
    interceptors: { ...traced, activity: [...(observer ? [observer.timeStep] : []), ...(traced?.activity ?? [])] },
  };
}

/** A queue that ends for whatever reason ends the other with it: half a worker would look like a whole one. */
async function runToEnd(
  workers: readonly Worker[],
  connection: NativeConnection,
  tidied: () => Promise<void>,
): Promise<void> {
  const runs = workers.map(async (worker) => await worker.run().finally(() => stopAll(workers)));
  const results = await Promise.allSettled(runs);
  await tidied();
  const failed = results.find((result) => result.status === 'rejected');
  if (!failed) return await connection.close();
  await connection.close().catch(() => undefined); // a step that has not ended holds it
  throw failed.reason;
}

function sayEnd(log: Logger, { requests }: Kubernetes): void {
  const peakRssMb = Math.round(process.resourceUsage().maxRSS / 1024);
  log.info({ requests: Object.fromEntries(requests), peakRssMb }, 'worker ended');
}

function stopAll(workers: readonly Worker[]): void {
  for (const worker of workers) if (worker.getState() === 'RUNNING') worker.shutdown();
}

/** The bundle that the build made, beside the built program; from sources it is made at start. */
function workflowSource(name: 'workflows' | 'workflows-traced' = 'workflows'): WorkflowSource {
  for (const folder of ['.', '..', '../dist']) {
    const codePath = fileURLToPath(new URL(`${folder}/${name}.js`, import.meta.url));
    if (existsSync(codePath)) return { workflowBundle: { codePath } };
  }
  return { workflowsPath: fileURLToPath(new URL('../workflows/index.ts', import.meta.url)) };
}
