import { fileURLToPath } from 'node:url';
import { existsSync } from 'node:fs';
import { NativeConnection, Worker } from '@temporalio/worker';
import type { Logger } from 'pino';
import { createActivities } from '../activities/index.js';
import { loadTemporalConfig } from '../src/temporal/config.js';
import { ensureSearchAttributes } from '../src/temporal/search-attributes.js';
import { clusterAccess } from './access.js';
import type { WorkerConfig } from './config.js';

/** Bounded: what is scarce is the cluster's API server. */
const MOST_ACTIVITIES = 50;

/** A worker that is polling. */
export interface RunningWorker {
  taskQueue: string;
  /** Ends when the worker has ended. */
  ended: Promise<void>;
  /** Lets running activities end within the grace time, then cancels them; Temporal hands them to the next worker. */
  stop(): void;
}

/**
 * Connects, checks what it needs, and starts polling.
 * @throws Error when Temporal or the kubeconfig cannot be used; nothing is left running
 */
export async function startWorker(config: WorkerConfig, env: NodeJS.ProcessEnv, log: Logger): Promise<RunningWorker> {
  const { k8s, prober } = clusterAccess(config, env);
  const { connectionOptions, namespace, address } = loadTemporalConfig(env);
  const connection = await NativeConnection.connect(connectionOptions);
  try {
    await ensureSearchAttributes(connection, namespace);
    const worker = await Worker.create({
      connection,
      namespace,
      taskQueue: config.REROOT_TASK_QUEUE,
      activities: createActivities({ k8s, prober, temporalAddress: address }),
      shutdownGraceTime: config.REROOT_SHUTDOWN_GRACE_S * 1000,
      shutdownForceTime: (config.REROOT_SHUTDOWN_GRACE_S + 10) * 1000,
      maxConcurrentActivityTaskExecutions: MOST_ACTIVITIES,
      maxHeartbeatThrottleInterval: '1s',
      maxCachedWorkflows: 20,
      stickyQueueScheduleToStartTimeout: '5s',
      ...workflowSource(),
    });
    log.info(
      { temporal: address, namespace, taskQueue: config.REROOT_TASK_QUEUE, apiServer: k8s.server, reach: prober.reach },
      'worker polls',
    );
    const ended = runToEnd(worker, connection, () =>
      log.info(
        { requests: Object.fromEntries(k8s.requests), peakRssMb: Math.round(process.resourceUsage().maxRSS / 1024) },
        'worker ended',
      ),
    );
    return { taskQueue: config.REROOT_TASK_QUEUE, ended, stop: () => worker.shutdown() };
  } catch (error) {
    await connection.close();
    throw error;
  }
}

async function runToEnd(worker: Worker, connection: NativeConnection, said: () => void): Promise<void> {
  try {
    await worker.run();
  } finally {
    await connection.close();
    said();
  }
}

/** The bundle that the build made, beside the built program; from sources it is made at start. */
function workflowSource(): { workflowBundle: { codePath: string } } | { workflowsPath: string } {
  for (const candidate of ['./workflows.js', '../workflows.js', '../dist/workflows.js']) {
    const codePath = fileURLToPath(new URL(candidate, import.meta.url));
    if (existsSync(codePath)) return { workflowBundle: { codePath } };
  }
  return { workflowsPath: fileURLToPath(new URL('../workflows/index.ts', import.meta.url)) };
}
