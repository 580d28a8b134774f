import type { Command } from 'commander';
import { createLog, installTemporalRuntime } from '../../../worker/log.js';
import { startWorker } from '../../../worker/run.js';
import { hostEmbedded } from '../session/embedded.js';
import { type ClusterOptions, withClusterOptions, workerEnvironment } from '../options/common.js';
import { configured } from '../options/worker.js';

export function addWorkerCommands(program: Command): void {
  withClusterOptions(program.command('worker').description('serve rotations: polls the configured Temporal server'))
    .option('--task-queue <name>', 'task queue to poll')
    .action(async (options: ClusterOptions & { taskQueue?: string }) => {
      const env = workerEnvironment(options, process.env);
      await serve({ ...env, ...(options.taskQueue ? { REROOT_TASK_QUEUE: options.taskQueue } : {}) });
    });
  program
    .command('embedded-host', { hidden: true })
    .requiredOption('--folder <folder>')
    .action(async ({ folder }: { folder: string }) => {
      const host = await hostEmbedded(folder, process.env);
      try {
        await serve({ ...process.env, TEMPORAL_ADDRESS: host.address }, host.idle());
      } finally {
        host.stop();
      }
    });
}

/** Runs a worker until a signal, or until `over` ends. */
async function serve(env: NodeJS.ProcessEnv, over?: Promise<void>): Promise<void> {
  const config = configured(env);
  const log = createLog(config.REROOT_LOG_LEVEL);
  installTemporalRuntime(log, config.REROOT_METRICS_ADDRESS);
  const worker = await startWorker(config, env, log);
  let stopping = false;
  const stop = (why: string) => {
    if (stopping) return;
    stopping = true;
    log.info({ why }, 'worker stops; running steps are handed over');
    worker.stop();
  };
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => stop(signal));
  void over?.then(() => stop('no rotation is running'));
  await worker.ended;
}
