import { setTimeout as sleep } from 'node:timers/promises';
import { type Command, Option } from 'commander';
import type { ScheduleHandle } from '@temporalio/client';
import { plain, plainLines } from '../../ground/plain.js';
import { invalidInputMessage } from '../../rotation/input.js';
import { readWatchInput, type WatchInput } from '../../rotation/watch-input.js';
import { CliError, EXIT } from '../exit-codes.js';
import { type CommonOptions, NAMESPACE_OPTION, withOutputOptions } from '../options/common.js';
import { type InputOptions, watchInput, type WatchInputOptions, withInputOptions } from '../options/input.js';
import type { Session } from '../session/connect.js';
import { lastingSession } from '../session/lasting.js';
import { answered } from '../session/pollers.js';
import { findSchedule } from '../../operate/schedule-seen.js';
import type { ScheduledWatch } from '../../rotation/scheduled-watch.js';
import { putSchedule, scheduleOf } from '../session/schedules.js';
import { type GivenTimes, readTimes, type Times } from '../session/times.js';
import { findWatch, runningWatch, type WatchSeen } from '../../operate/watch-seen.js';
import { machineText } from '../view/machine.js';
import { watchText } from '../view/watch.js';
import { endWatch, refuseBeside } from './watch.js';

interface CreateOptions extends CommonOptions, InputOptions, Omit<WatchInputOptions, 'every'>, GivenTimes {}

interface ReasonOptions extends CommonOptions {
  reason?: string;
}

/** How long before the root expires, where nobody says otherwise. */
const BEFORE = '30d';
/** How long a look that was asked for is waited for, and how often it is asked after. */
const LOOK_MS = 20_000;
const PAUSE_MS = 250;

const HELP = `
The Schedule is Temporal's own, one for each cluster (watch-trust-root-<cluster>). Each of its looks is a workflow watchTrustRoot
that ends when it has looked; it starts the rotation where one is due, and does not wait for its end.
With -f the file is the input of a watch (docs/input.md, "watchTrustRoot"). Flags of a rotation are for the one that is started.
It needs a Temporal server that lasts, and a worker; the embedded server does not last.`;

export function addScheduleCommand(program: Command): void {
  const schedule = program
    .command('schedule')
    .description('look at the certificates daily, and rotate before they expire, without a person')
    .addHelpText('after', HELP);
  addCreate(schedule);
  const act = (name: string, what: string) => withOutputOptions(schedule.command(name).description(what));
  act('show', 'show the Schedule, its next look, and what the last one has seen').action(
    async (options: CommonOptions) => await inSession(options, async (session) => await show(session, options)),
  );
  act('pause', 'take no looks until `resume`; a rotation that is under way goes on')
    .option('--reason <text>', 'why, for whoever reads it')
    .action(
      async (options: ReasonOptions) => await inSession(options, async (session) => await pause(session, options)),
    );
  act('resume', 'take looks again')
    .option('--reason <text>', 'why, for whoever reads it')
    .action(
      async (options: ReasonOptions) => await inSession(options, async (session) => await resume(session, options)),
    );
  act('trigger', 'look now, and show what was seen').action(
    async (options: CommonOptions) => await inSession(options, async (session) => await trigger(session, options)),
  );
  act('delete', 'remove the Schedule, and end a look that waits; a rotation that it has started goes on').action(
    async (options: CommonOptions) => await inSession(options, async (session) => await remove(session, options)),
  );
}

function addCreate(schedule: Command): void {
  const command = schedule
    .command('create')
    .description('make the Schedule, or bring the one that there is to these options, and say what has changed')
    .option('--at <time>', 'look daily at this time (default: 03:00)')
    .option('--time-zone <name>', 'whose clock --at and --cron go by (default: UTC)')
    .option('--every <duration>', 'look at this interval instead, for example 6h')
    .option('--cron <expression>', 'look at these times instead: five fields, for example "0 6 * * mon"')
    .option('--before <duration>', `start the rotation so long before the root expires (default: ${BEFORE})`)
    .option(
      '--issuer-before <duration>',
      'replace an issuer of reroot so long before it expires (default: as --before)',
    )
    .addOption(
      new Option('--on-renewal <what>', 'of a root that cert-manager renews: start the rotation, or ask first').choices(
        ['rotate', 'ask'],
      ),
    )
    .option(...NAMESPACE_OPTION);
  withInputOptions(withOutputOptions(command)).action(async (options: CreateOptions) => await create(options));
}

async function create(given: CreateOptions): Promise<void> {
  const { cluster, input, times } = checked(given);
  const options = { ...given, cluster };
  await inSession(options, async (session) => {
    await refuseBeside(session, cluster);
    const wanted = scheduleOf(cluster, times, input);
    const { how, changes } = await putSchedule(session, wanted);
    const said = [
      `Schedule ${wanted.scheduleId} ${SAID[how]} on Temporal ${session.address}`,
      ...changes.map((one) => `  ${one}`),
    ];
    process.stderr.write(`${plainLines(said.join('\n'))}\n`);
    const seen = await seenOrNone(session, cluster);
    return machineText({ ...seen, change: how, changes }, options.output) ?? watchText(seen);
  });
}

const SAID = { created: 'was created', updated: 'was updated', unchanged: 'is as asked for already' } as const;

/** @throws CliError with everything that is wrong, before anything is started */
function checked(given: CreateOptions): { cluster: string; input: WatchInput; times: Times } {
  const { every: _, ...options } = given;
  const asked = watchInput(options);
  const input: WatchInput = { ...asked, before: asked.before ?? BEFORE };
  const [when, read] = [readTimes(given), readWatchInput(input)];
  if (when.ok && read.ok) return { cluster: read.settings.cluster, input, times: when.times };
  const problems = [...(when.ok ? [] : when.problems), ...(read.ok ? [] : read.problems)];
  throw new CliError(invalidInputMessage(problems), EXIT.refused);
}

async function inSession({ cluster }: CommonOptions, work: (session: Session) => Promise<string>): Promise<void> {
  const session = await lastingSession(cluster, 'a Schedule');
  try {
    process.stdout.write(`${await work(session)}\n`);
  } finally {
    await session.close();
  }
}

async function show(session: Session, { cluster, output }: CommonOptions): Promise<string> {
  await found(session, cluster);
  const seen = await seenOrNone(session, cluster);
  return machineText(seen, output) ?? watchText(seen);
}

async function pause(session: Session, options: ReasonOptions): Promise<string> {
  const { handle, schedule } = await found(session, options.cluster);
  await handle.pause(options.reason ?? 'reroot schedule pause');
  const waits = schedule.running.length > 0 ? `. Look ${schedule.running.join()} goes on: it waits for a word` : '';
  return reply(`paused: Schedule ${schedule.scheduleId} takes no looks${waits}`, options);
}

async function resume(session: Session, options: ReasonOptions): Promise<string> {
  const { handle, schedule } = await found(session, options.cluster);
  await handle.unpause(options.reason ?? 'reroot schedule resume');
  const { next } = (await findSchedule(session, options.cluster)) ?? {};
  return reply(`resumed: Schedule ${schedule.scheduleId}${next ? ` looks next at ${next}` : ''}`, options);
}

/** A look that waits for a word is the look: it looks again. */
async function trigger(session: Session, { cluster, output }: CommonOptions): Promise<string> {
  const { handle, schedule } = await found(session, cluster);
  const running = await runningWatch(session, cluster, schedule);
  if (running) await answered(session, running, async () => await running.executeUpdate('retry', { args: [] }));
  else await handle.trigger('SKIP'); // unsaid it would be ALLOW_ALL
  const seen = running ? await seenOrNone(session, cluster) : await afterLook(session, cluster, schedule.last?.runId);
  return machineText(seen, output) ?? watchText(seen);
}

/** Until a look has ended that was not there before, or waits, or takes too long. */
async function afterLook(session: Session, cluster: string, before: string | undefined): Promise<WatchSeen> {
  const giveUpAt = Date.now() + LOOK_MS;
  for (;;) {
    const seen = await seenOrNone(session, cluster);
    if (isThrough(seen, before) || Date.now() >= giveUpAt) return seen;
    await sleep(PAUSE_MS);
  }
}

function isThrough({ schedule, status }: WatchSeen, before: string | undefined): boolean {
  const last = schedule?.last;
  if (!last || last.runId === before) return false;
  return [last.report, last.failure, status?.waiting].some((end) => end !== undefined);
}

async function remove(session: Session, options: CommonOptions): Promise<string> {
  await found(session, options.cluster);
  return reply(await endWatch(session, options.cluster), options);
}

async function seenOrNone(session: Session, cluster: string): Promise<WatchSeen> {
  return (await findWatch(session, cluster)) ?? {};
}

/** @throws CliError where the cluster has no Schedule */
async function found(session: Session, cluster: string): Promise<{ handle: ScheduleHandle; schedule: ScheduledWatch }> {
  const schedule = await findSchedule(session, cluster);
  if (schedule) return { schedule, handle: session.client.schedule.getHandle(schedule.scheduleId) };
  throw new CliError(
    `cluster ${plain(cluster)} has no Schedule on Temporal ${session.address}: \`reroot schedule create --cluster ${plain(cluster)}\` makes one`,
  );
}

function reply(text: string, { output }: CommonOptions): string {
  return machineText({ reply: text }, output) ?? plainLines(text);
}
