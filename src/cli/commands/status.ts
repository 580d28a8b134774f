import type { Command } from 'commander';
import { WorkflowNotFoundError } from '@temporalio/client';
import { openSession, rotationHandle } from '../session/connect.js';
import { answered } from '../session/pollers.js';
import { CliError, EXIT } from '../exit-codes.js';
import { type CommonOptions, withCommonOptions } from '../options/common.js';
import { readProgress } from '../view/progress.js';
import { renderPicture } from '../view/render.js';

export function addStatusCommand(program: Command, done: (exitCode: number) => void): void {
  withCommonOptions(
    program.command('status').description('show where a rotation stands and what it is waiting for'),
  ).action(async (options: CommonOptions) => done(await showStatus(options)));
}

async function showStatus(options: CommonOptions): Promise<number> {
  const session = await openSession(options.cluster, process.env, 'find');
  const handle = rotationHandle(session, options);
  try {
    const { status, live } = await answered(session, handle, async () => await readProgress(handle));
    const text =
      options.output === 'json'
        ? JSON.stringify({ ...status, namespaces: live.namespaces }, null, 2)
        : renderPicture({ status, live, now: new Date() });
    process.stdout.write(`${text}\n`);
    if (status.outcome === 'failed' || status.outcome === 'aborted') return EXIT.failed;
    return status.outcome === 'completed' ? EXIT.ok : EXIT.goesOn;
  } catch (error) {
    if (error instanceof WorkflowNotFoundError)
      throw new CliError(`there is no rotation ${handle.workflowId} on ${session.address}`);
    throw error;
  } finally {
    await session.close();
  }
}
