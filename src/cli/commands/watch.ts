import { setTimeout as sleep } from 'node:timers/promises';
import { type Command, Option } from 'commander';
import {
  WorkflowExecutionAlreadyStartedError,
  WorkflowFailedError,
  type WorkflowHandle,
  WorkflowUpdateFailedError,
} from '@temporalio/client';
import { plain, plainLines } from '../../ground/plain.js';
import { present } from '../../ground/present.js';
import { invalidInputMessage } from '../../rotation/input.js';
import { markdown } from '../../rotation/markdown.js';
import { readWatchInput, type WatchInput } from '../../rotation/watch-input.js';
import { TASK_QUEUE, WATCH_WORKFLOW_TYPE, watchIdFor } from '../../temporal/names.js';
import { asCalled } from '../called.js';
import { CliError, EXIT } from '../exit-codes.js';
import { byOption, type CommonOptions, NAMESPACE_OPTION, withOutputOptions } from '../options/common.js';
import { type InputOptions, watchInput, type WatchInputOptions, withInputOptions } from '../options/input.js';
import type { Session } from '../session/connect.js';
import { lastingSession } from '../session/lasting.js';
import { answered } from '../session/pollers.js';
import { findSchedule } from '../../operate/schedule-seen.js';
import { findWatch, runningWatch, type WatchSeen } from '../../operate/watch-seen.js';
import { putSchedule, scheduleOf } from '../session/schedules.js';
import { timesFrom } from '../session/times.js';
import { machineText } from '../view/machine.js';
import { watchText } from '../view/watch.js';

interface WatchOptions extends CommonOptions, InputOptions, WatchInputOptions {
  schedule?: string;
  stop?: boolean;
  approve?: string;
  by?: string;
  reason?: string;
}

const HELP = `
With -f the file is the input of a watch (docs/input.md, "watchTrustRoot"). Flags of a rotation are for the one that it starts.
A watch needs a Temporal server that lasts; the embedded one does not.`;

/** How long the first look is waited for, and how often it is asked after. */
const FIRST_LOOK_MS = 8000;
const PAUSE_MS = 250;
/** Characters of a cluster's name in what the Temporal UI shows in its list. */
const SUMMARY_LENGTH = 60;

export function addWatchCommand(program: Command): void {
  const command = program
    .command('watch')
    .description('watch a root that cert-manager renews by itself, and rotate to it; or show what watches the cluster')
    .option('--every <duration>', 'between two looks (default: 10m)')
    .addOption(
      new Option('--on-renewal <what>', 'start the rotation, or ask first (default: rotate)').choices([
        'rotate',
        'ask',
      ]),
    )
    .option('--before <duration>', 'start a rotation so long before the root expires, where nothing renews it')
    .option('--issuer-before <duration>', 'the same of the issuer alone (default: as --before)')
    .option(
      '--schedule <when>',
      'looks of a Temporal Schedule instead: an interval such as 6h, or a cron expression (see `schedule`)',
    )
    .option('--stop', 'end the watch, and remove its Schedule; a rotation that it has started goes on')
    .option('--approve <root>', 'begin the rotation that the watch asks about: the fingerprint that it shows')
    .addOption(byOption('with --approve: your name'))
    .option('--reason <text>', 'with --approve: your reason')
    .option(...NAMESPACE_OPTION)
    .addHelpText('after', HELP);
  withInputOptions(withOutputOptions(command)).action(async (options: WatchOptions) => await watch(options));
}

async function watch(given: WatchOptions): Promise<void> {
  const input = watchInput(given);
  const read = readWatchInput(input);
  if (!read.ok) throw new CliError(invalidInputMessage(read.problems), EXIT.refused);
  const options = { ...given, cluster: read.settings.cluster };
  const session = await lastingSession(options.cluster, 'a watch');
  try {
    process.stdout.write(`${await said(session, options, input)}\n`);
  } finally {
    await session.close();
  }
}

async function said(session: Session, options: WatchOptions, input: WatchInput): Promise<string> {
  if (options.stop) return await stop(session, options);
  if (options.approve !== undefined) return await approve(session, options, options.approve);
  if (options.schedule !== undefined) return await setSchedule(session, options, options.schedule, input);
  return shown(await start(session, options, input), options);
}

/** Starts the watch, unless something watches already. */
async function start(session: Session, { cluster }: WatchOptions, input: WatchInput): Promise<WatchSeen> {
  const scheduled = await findSchedule(session, cluster);
  if (scheduled) return (await findWatch(session, cluster)) ?? { schedule: scheduled };
  const workflowId = watchIdFor(cluster);
  try {
    await session.client.workflow.start(WATCH_WORKFLOW_TYPE, {
      taskQueue: process.env['REROOT_TASK_QUEUE'] ?? TASK_QUEUE,
      workflowId,
      workflowIdConflictPolicy: 'FAIL',
      args: [input],
      staticSummary: `watch the trust root of ${markdown(cluster, SUMMARY_LENGTH)}`,
    });
    process.stderr.write(`Started watch ${plain(workflowId)} on Temporal ${session.address}\n`);
  } catch (error) {
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
    process.stderr.write(`Found the running watch ${plain(workflowId)} on Temporal ${session.address}\n`);
  }
  return await firstLook(session, cluster);
}

/** What a person who has started a watch wants to know: whether it sees anything. */
async function firstLook(session: Session, cluster: string): Promise<WatchSeen> {
  const giveUpAt = Date.now() + FIRST_LOOK_MS;
  for (;;) {
    const seen = await findWatch(session, cluster);
    if (!seen) throw await failure(session.client.workflow.getHandle(watchIdFor(cluster)));
    const { look, alerts, waiting } = seen.status ?? {};
    if (look || alerts || waiting || Date.now() >= giveUpAt) return seen;
    await sleep(PAUSE_MS);
  }
}

/** A watch that ends at once has nothing to watch. */
async function failure(handle: WorkflowHandle): Promise<CliError> {
  try {
    await handle.result();
    return new CliError(`watch ${handle.workflowId} has ended`);
  } catch (error) {
    if (error instanceof WorkflowFailedError) return new CliError(error.cause?.message ?? error.message, EXIT.refused);
    throw error;
  }
}

async function setSchedule(session: Session, options: WatchOptions, when: string, input: WatchInput): Promise<string> {
  const { cluster } = options;
  const times = timesFrom(when);
  if (!times) {
    throw new CliError(
      `--schedule takes an interval such as 6h, or five fields of cron such as "0 6 * * *", not ${JSON.stringify(when)}`,
      EXIT.refused,
    );
  }
  const wanted = scheduleOf(cluster, times, input);
  await refuseBeside(session, cluster);
  const { how } = await putSchedule(session, wanted);
  process.stderr.write(`Schedule ${plain(wanted.scheduleId)} was ${how} on Temporal ${session.address}\n`);
  return shown((await findWatch(session, cluster)) ?? {}, options);
}

/** A watch that lasts and a Schedule would look twice. */
export async function refuseBeside(session: Session, cluster: string): Promise<void> {
  if (!(await runningWatch(session, cluster, undefined))) return;
  throw new CliError(
    `watch ${watchIdFor(cluster)} runs: end it first, with \`reroot watch --stop --cluster ${cluster}\``,
    EXIT.refused,
  );
}

async function stop(session: Session, options: WatchOptions): Promise<string> {
  return replyText(await endWatch(session, options.cluster), options);
}

/** Ends whatever watches the cluster. @throws CliError where nothing does */
export async function endWatch(session: Session, cluster: string): Promise<string> {
  const scheduled = await findSchedule(session, cluster);
  const handle = await runningWatch(session, cluster, scheduled);
  if (!scheduled && !handle) throw nothing(cluster);
  if (scheduled) await session.client.schedule.getHandle(scheduled.scheduleId).delete();
  await handle?.cancel();
  const ended = [
    ...(handle ? [`watch ${handle.workflowId}`] : []),
    ...(scheduled ? [`Schedule ${scheduled.scheduleId}`] : []),
  ];
  return `ended: ${ended.join(' and ')}. A rotation that it has started goes on`;
}

async function approve(session: Session, options: WatchOptions, root: string): Promise<string> {
  const { cluster, by, reason } = options;
  const handle = await runningWatch(session, cluster, await findSchedule(session, cluster));
  if (!handle) throw nothing(cluster);
  try {
    const args: [object] = [{ root, ...present({ by, reason }) }];
    const send = async () => await handle.executeUpdate<string, [object]>('approve', { args });
    return replyText(await answered(session, handle, send), options);
  } catch (error) {
    if (error instanceof WorkflowUpdateFailedError)
      throw new CliError(error.cause?.message ?? error.message, EXIT.refused);
    throw error;
  }
}

function nothing(cluster: string): CliError {
  return new CliError(`nothing watches cluster ${cluster}: \`reroot watch --cluster ${cluster}\` starts a watch`);
}

function shown(seen: WatchSeen, { output }: WatchOptions): string {
  return machineText(seen, output) ?? asCalled(watchText(seen));
}

function replyText(reply: string, { output }: WatchOptions): string {
  return machineText({ reply }, output) ?? asCalled(plainLines(reply));
}
