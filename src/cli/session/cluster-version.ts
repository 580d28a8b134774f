import { clusterVersion, type ClusterVersion } from '../../../activities/kit/cluster-version.js';
import { clusterAccess } from '../../../worker/access.js';
import { type Build, buildOf } from '../../temporal/build.js';
import { STEPS, pollersOf, RECENT_MS } from '../../temporal/pollers.js';
import { stepQueue, TASK_QUEUE } from '../../temporal/names.js';
import { configured } from '../options/worker.js';
import { type ClusterOptions, workerEnvironment } from '../options/common.js';
import { findSession } from './connect.js';

/** What cluster and workers are of: for `reroot version`, which says what it could not ask instead of failing. */

/** Somebody waits for the answer, and may have no cluster at hand. */
const PATIENCE = { REROOT_KUBE_TIMEOUT_MS: '5000' };
const PATIENCE_MS = 5000;

export type Unasked = { problem: string };

export async function askCluster(options: ClusterOptions): Promise<ClusterVersion | Unasked> {
  return await orProblem(async () => {
    const env = { ...workerEnvironment(options, process.env), ...PATIENCE };
    return await clusterVersion(clusterAccess(configured(env), env).k8s, options.linkerdNamespace);
  });
}

export interface WorkersSeen {
  server: string;
  taskQueue: string;
  workers: WorkerSeen[];
}

/** Version and build are absent of one before 0.8. */
export interface WorkerSeen extends Partial<Build> {
  /** As it calls itself. */
  identity: string;
}

/** @returns undefined where there is no Temporal server */
export async function askWorkers({
  cluster,
}: Pick<ClusterOptions, 'cluster'>): Promise<WorkersSeen | Unasked | undefined> {
  return await orProblem(async () => {
    const session = await findSession(cluster, process.env);
    if (!session) return undefined;
    try {
      const { client, address } = session;
      const queue = stepQueue(process.env['REROOT_TASK_QUEUE'] || TASK_QUEUE, cluster);
      const { namespace } = client.options;
      const ask = async () => await pollersOf(client.workflowService, { namespace, queue, type: STEPS });
      const pollers = await client.connection.withDeadline(Date.now() + PATIENCE_MS, ask);
      const recent = pollers.filter(({ polledAt }) => Date.now() - polledAt < RECENT_MS);
      const workers = recent.map(({ identity }) => ({ identity, ...buildOf(identity) }));
      return { server: address, taskQueue: queue, workers };
    } finally {
      await session.close();
    }
  });
}

async function orProblem<T>(ask: () => Promise<T>): Promise<T | Unasked> {
  try {
    return await ask();
  } catch (error) {
    return { problem: error instanceof Error ? error.message : String(error) };
  }
}
