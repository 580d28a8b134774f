import type { Command } from 'commander';
import { WorkflowNotFoundError, type WorkflowHandle } from '@temporalio/client';
import { isNoAnswer } from '../session/answers.js';
import { openSession, rotationHandle } from '../session/connect.js';
import { isOver, readEnd } from '../session/end.js';
import { CliError, EXIT } from '../exit-codes.js';
import { type CommonOptions, withCommonOptions } from '../options/common.js';
import { endText } from '../view/end.js';
import { machineText } from '../view/machine.js';
import { readProgress } from '../view/progress.js';
import { renderPicture } from '../view/render.js';
import { unanswered, unansweredText } from '../view/unanswered.js';

/**
 * A query waits for a worker: this long, then what the server knows is shown. The server asks a worker that has died for
 * 5 s before it asks another.
 */
const ANSWER_MS = 10_000;

export function addStatusCommand(program: Command, done: (exitCode: number) => void): void {
  withCommonOptions(
    program.command('status').description('show where a rotation stands and what it is waiting for, or how it ended'),
  ).action(async (options: CommonOptions) => done(await showStatus(options)));
}

async function showStatus(options: CommonOptions): Promise<number> {
  const session = await openSession(options.cluster, process.env, 'find');
  const handle = rotationHandle(session, options);
  try {
    const { text, exitCode } = await statusText(handle, options);
    process.stdout.write(`${text}\n`);
    return exitCode;
  } catch (error) {
    if (error instanceof WorkflowNotFoundError)
      throw new CliError(`there is no rotation ${handle.workflowId} on ${session.address}`);
    throw error;
  } finally {
    await session.close();
  }
}

/**
 * What `reroot status` prints. Only of a rotation that goes on is a worker asked.
 * @throws WorkflowNotFoundError, ServiceError
 */
export async function statusText(
  handle: WorkflowHandle,
  { cluster, output }: CommonOptions,
): Promise<{ text: string; exitCode: number }> {
  const description = await handle.describe();
  const now = new Date();
  const rendered = (facts: object, text: () => string) => machineText(facts, output) ?? text();
  if (isOver(description)) {
    const end = await readEnd(handle, cluster);
    const exitCode = end.outcome === 'completed' ? EXIT.ok : EXIT.failed;
    return { text: rendered(end, () => endText(end, now)), exitCode };
  }
  const progress = await askWorker(handle);
  if (progress) {
    const { status, live } = progress;
    const facts = { ...status, namespaces: live.namespaces };
    return { text: rendered(facts, () => renderPicture({ status, live, now })), exitCode: EXIT.goesOn };
  }
  const known = unanswered(description, cluster);
  return { text: rendered(known, () => unansweredText(known, now)), exitCode: EXIT.goesOn };
}

/** undefined: no worker has answered. */
async function askWorker(handle: WorkflowHandle): Promise<Awaited<ReturnType<typeof readProgress>> | undefined> {
  try {
    return await handle.client.connection.withDeadline(Date.now() + ANSWER_MS, async () => await readProgress(handle));
  } catch (error) {
    if (isNoAnswer(error)) return undefined;
    throw error;
  }
}
