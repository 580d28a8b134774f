import type { Command } from 'commander';
import { WorkflowNotFoundError, type WorkflowHandle } from '@temporalio/client';
import { plain } from '../../ground/plain.js';
import { isNoAnswer } from '../../temporal/answers.js';
import { findSession, noServer, rotationHandle, type Session, workflowIdOf } from '../session/connect.js';
import { isOver, readEnd, type RotationEnd } from '../session/end.js';
import { endFrom, otherwiseText, recordsOf } from '../session/from-cluster.js';
import { findWatch, type WatchSeen } from '../../operate/watch-seen.js';
import { CliError, EXIT } from '../exit-codes.js';
import { type CommonOptions, withCommonOptions } from '../options/common.js';
import { endText } from '../view/end.js';
import { machineText } from '../view/machine.js';
import { readProgress } from '../../operate/progress.js';
import { renderPicture } from '../view/render.js';
import { unanswered, unansweredText } from '../view/unanswered.js';
import { watchText } from '../view/watch.js';

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
  const session = await findSession(options.cluster, process.env);
  try {
    const watch = session && (await findWatch(session, options.cluster));
    const known = session && (await askTemporal(session, options, watch));
    const { text, exitCode } = known ?? (await fromCluster(session, options, watch));
    process.stdout.write(`${text}\n`);
    return exitCode;
  } finally {
    await session?.close();
  }
}

interface Shown {
  text: string;
  exitCode: number;
}

/** @returns undefined when the server does not know the rotation (any more) */
async function askTemporal(
  session: Session,
  options: CommonOptions,
  watch: WatchSeen | undefined,
): Promise<Shown | undefined> {
  try {
    return await statusText(rotationHandle(session, options), options, watch);
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return undefined;
    throw error;
  }
}

/**
 * Histories go when their retention is over, and embedded servers when their work is done; the cluster keeps the last report.
 * @throws CliError with what else the cluster says
 */
async function fromCluster(
  session: Session | undefined,
  options: CommonOptions,
  watch: WatchSeen | undefined,
): Promise<Shown> {
  const workflowId = workflowIdOf(options);
  const records = await recordsOf(process.env);
  const end = 'unread' in records ? undefined : endFrom(records, workflowId);
  if ('unread' in records || !end) {
    if (!session) throw noServer(options.cluster, process.env);
    if (watch) return { text: machineText({ watch }, options.output) ?? watchText(watch), exitCode: EXIT.ok };
    throw new CliError(
      `there is no rotation ${workflowId} on ${session.address} (any more). ${otherwiseText(records)}`,
    );
  }
  const who = session
    ? `the Temporal server at ${session.address} does not know it any more`
    : 'no Temporal server runs';
  process.stderr.write(
    `${plain(workflowId)}: ${who}. This is from ConfigMap ${records.reportObject} of the cluster at ${records.apiServer}:\n`,
  );
  return endShown(end, options, watch);
}

function endShown(end: RotationEnd, { output }: Pick<CommonOptions, 'output'>, watch: WatchSeen | undefined): Shown {
  const exitCode = end.outcome === 'completed' ? EXIT.ok : EXIT.failed;
  return { text: textOf(end, output, { watch, text: () => endText(end, new Date()) }), exitCode };
}

/** The facts for a program, or the text for people; what watches the cluster goes with either. */
function textOf(
  facts: object,
  output: CommonOptions['output'],
  { watch, text }: { watch: WatchSeen | undefined; text: () => string },
): string {
  if (!watch) return machineText(facts, output) ?? text();
  return machineText({ ...facts, watch }, output) ?? `${text()}\n\n${watchText(watch)}`;
}

/**
 * What `reroot status` prints. Only of a rotation that goes on is a worker asked.
 * @throws WorkflowNotFoundError, ServiceError
 */
export async function statusText(
  handle: WorkflowHandle,
  { cluster, output }: CommonOptions,
  watch?: WatchSeen,
): Promise<Shown> {
  const description = await handle.describe();
  const now = new Date();
  const rendered = (facts: object, text: () => string) => textOf(facts, output, { watch, text });
  if (isOver(description)) return endShown(await readEnd(handle, cluster), { output }, watch);
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
