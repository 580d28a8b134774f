import { createInterface } from 'node:readline/promises';
import { type Command, Option } from 'commander';
import { WorkflowNotFoundError, WorkflowUpdateFailedError } from '@temporalio/client';
import { jsonText, plainLines } from '../../ground/plain.js';
import { present } from '../../ground/present.js';
import type { GatedPhase } from '../../rotation/phases.js';
import { asked } from '../../rotation/refusals.js';
import type { RotationStatus } from '../../rotation/status.js';
import { asCalled } from '../called.js';
import { openSession, rotationHandle } from '../session/connect.js';
import { answered } from '../session/pollers.js';
import { CliError, EXIT } from '../exit-codes.js';
import { byOption, type CommonOptions, withCommonOptions } from '../options/common.js';
import { renderApproval } from '../view/approval.js';
import { machineText } from '../view/machine.js';

interface UpdateOptions extends CommonOptions {
  by?: string;
  reason?: string;
}

/** The commands that say something to a running rotation. */
export function addUpdateCommands(program: Command): void {
  const command = (name: string, description: string) =>
    withCommonOptions(program.command(name).description(description));
  addDecisions(command);
  addPace(command);
}

type AddCommand = (name: string, description: string) => Command;

const BY = 'your name, for the report';
const REASON = ['--reason <text>', 'your reason, for the report'] as const;

/** What a person decides; the report names them. */
function addDecisions(command: AddCommand): void {
  command('approve', 'approve the plan; what follows is the point of no return')
    .option(
      '--plan <hash>',
      'hash of the plan, as `reroot status` shows it; without it you are shown the plan, and asked',
    )
    .addOption(byOption(BY))
    .option(...REASON)
    .action(async (options: UpdateOptions & { plan?: string }) => {
      await send(options, 'approve', async (status) => {
        const planHash = options.plan ?? (await askFor(await status(), options));
        return { planHash, ...present({ by: options.by, reason: options.reason }) };
      });
    });
  command('abort', 'go back to the old certificates; possible until the point of no return')
    .addOption(byOption(BY))
    .option(...REASON)
    .action(async (options: UpdateOptions) => {
      await send(options, 'abort', async () => present({ by: options.by, reason: options.reason }));
    });
  addWaivers(command);
}

const SUBJECT = ['<subject>', 'namespace/Kind/name, namespace/Pod/name, or namespace'] as const;
/** What `waive --gate` may open; the rotation refuses those that its course does not have. */
const GATES = [
  'rollout',
  'trust',
  'bridge',
  'issue',
  'renew',
  'approve',
  'retire',
  'refresh',
] as const satisfies readonly (GatedPhase | 'rollout')[];

const WAIVE_HELP = `
Without --gate only its rollout is not waited for: its proxies still have to pass.
--gate trust opens that gate: its proxies may be refused by others from then on.
\`reroot unwaive\` takes it back.`;

/** Going on without somebody, and taking that back. */
function addWaivers(command: AddCommand): void {
  command('waive', 'go on without a workload, a pod or a namespace')
    .argument(...SUBJECT)
    .requiredOption('--reason <text>', 'your reason; the report shows it')
    .addOption(new Option('--gate <phase>', 'the gate that it opens').choices(GATES))
    .addOption(byOption(BY))
    .addHelpText('after', WAIVE_HELP)
    .action(async (subject: string, options: UpdateOptions & { reason: string; gate?: (typeof GATES)[number] }) => {
      const { reason, gate, by } = options;
      await send(options, 'waive', async () => ({ subject, reason, ...present({ gate, by }) }));
    });
  command('unwaive', 'take a waiver back: its subject is waited for again')
    .argument(...SUBJECT)
    .addOption(byOption(BY))
    .option(...REASON)
    .action(async (subject: string, options: UpdateOptions) => {
      await send(options, 'unwaive', async () => ({ subject, ...present({ by: options.by, reason: options.reason }) }));
    });
}

/** What only changes when something happens. */
function addPace(command: AddCommand): void {
  command('pause', 'start nothing new until `resume`')
    .option('--reason <text>', 'your reason; `status` shows it')
    .action(async (options: UpdateOptions) => {
      await send(options, 'pause', async () => present({ reason: options.reason }));
    });
  command('resume', 'continue after a pause').action(async (options: CommonOptions) => await send(options, 'resume'));
  command('retry', 'look again now, and roll again what was rolled but still does not meet the gate').action(
    async (options: CommonOptions) => await send(options, 'retry'),
  );
  command('strategy', 'stop waiting for proxies, or for a window, and roll the rest')
    .addOption(new Option('--leaf-renewal <how>', "instead of waiting for the proxies' own renewal").choices(['roll']))
    .addOption(
      new Option('--pace <how>', 'instead of an organic rollout, or of waiting for a window').choices(['forced']),
    )
    .action(async (options: CommonOptions & { leafRenewal?: string; pace?: string }) => {
      await send(options, 'strategy', async () => present({ leafRenewal: options.leafRenewal, pace: options.pace }));
    });
}

/**
 * Shows a person all that their approval is bound to, and asks.
 * @returns the hash of what was shown
 * @throws CliError when there is nobody to ask, or they do not want to
 */
async function askFor(status: RotationStatus, { output }: CommonOptions): Promise<string> {
  const waiting = asked(status);
  if (!waiting?.planHash || waiting.inCluster) return ''; // the rotation says why there is nothing to approve
  if (output !== 'text' || !process.stdin.isTTY || !process.stdout.isTTY) {
    throw new CliError(
      'approve needs `--plan <hash>` where nobody can be asked: `reroot status` shows the plan and its hash',
      EXIT.refused,
    );
  }
  process.stdout.write(`${asCalled(renderApproval(status))}\n\n`);
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  try {
    const answer = await terminal.question('  Approve this? Type yes: ');
    if (answer.trim().toLowerCase() === 'yes') return waiting.planHash;
  } finally {
    terminal.close();
  }
  throw new CliError('nothing was approved', EXIT.refused);
}

type StatusQuery = () => Promise<RotationStatus>;

async function send(
  options: CommonOptions,
  update: string,
  argument?: (status: StatusQuery) => Promise<object>,
): Promise<void> {
  const session = await openSession(options.cluster, process.env, 'find');
  const handle = rotationHandle(session, options);
  try {
    const query = async () => await handle.query<RotationStatus>('status');
    const reply = await answered(session, handle, async () =>
      argument
        ? await handle.executeUpdate<string, [object]>(update, { args: [await argument(query)] })
        : await handle.executeUpdate<string, []>(update),
    );
    process.stdout.write(`${replyText(reply, options)}\n`);
  } catch (error) {
    throw explained(error, handle.workflowId);
  } finally {
    await session.close();
  }
}

function replyText(reply: string, { output }: CommonOptions): string {
  return output === 'json' ? jsonText({ reply }, 0) : (machineText({ reply }, output) ?? asCalled(plainLines(reply)));
}

/** What the rotation itself said, in place of the transport's words. */
function explained(error: unknown, workflowId: string): unknown {
  if (error instanceof WorkflowUpdateFailedError)
    return new CliError(error.cause?.message ?? error.message, EXIT.refused);
  if (error instanceof WorkflowNotFoundError) return new CliError(`no rotation ${workflowId} is running`, EXIT.failed);
  return error;
}
