import type { Command } from 'commander';
import { present } from '../../ground/present.js';
import { type ClusterOptions, withClusterOptions, workerEnvironment } from '../options/common.js';
import { serve } from '../session/serve.js';

export function addWorkerCommand(program: Command): void {
  withClusterOptions(
    program
      .command('worker')
      .description('run a worker, which polls the configured Temporal server and carries out rotations of its cluster'),
  )
    .option(
      '--task-queue <name>',
      'front task queue, where workflows are (default: reroot); steps are on <name>-<cluster>',
    )
    .action(async (options: ClusterOptions & { taskQueue?: string }) => {
      const env = workerEnvironment(options, process.env);
      await serve({ ...env, ...present({ REROOT_TASK_QUEUE: options.taskQueue }) });
    });
}
