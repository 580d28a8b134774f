import { type Command, Option } from 'commander';
import { WorkflowNotFoundError, WorkflowUpdateFailedError } from '@temporalio/client';
import type { RotationStatus } from '../../rotation/status.js';
import { openSession, rotationHandle } from '../session/connect.js';
import { CliError, EXIT } from '../exit-codes.js';
import { type CommonOptions, withCommonOptions } from '../options/common.js';

/** The commands that say something to a running rotation. */
export function addMessageCommands(program: Command): void {
  const say = (name: string, description: string) => withCommonOptions(program.command(name).description(description));
  const by = ['--by <name>', 'who says so, for the report', process.env['USER'] ?? ''] as const;

  say('approve', 'approve the plan that the rotation waits with (its last exit before the point of no return)')
    .option('--plan <hash>', 'hash of the plan, as `reroot status` shows it (default: the one it waits with now)')
    .option(...by)
    .option('--reason <text>', 'why, for the report')
    .action(async (options: CommonOptions & { plan?: string; by?: string; reason?: string }) => {
      await send(options, 'approve', async (status) => {
        const planHash = options.plan ?? (await status()).waiting?.planHash;
        return { planHash: planHash ?? '', ...given('by', options.by), ...given('reason', options.reason) };
      });
    });
  say('pause', 'begin nothing new until `resume`')
    .option('--reason <text>', 'why; shown to whoever looks')
    .action(async (options: CommonOptions & { reason?: string }) => {
      await send(options, 'pause', async () => given('reason', options.reason));
    });
  say('resume', 'go on after a pause').action(async (options: CommonOptions) => await send(options, 'resume'));
  say('retry', 'look again now, and roll once more what rolled out but still falls short').action(
    async (options: CommonOptions) => await send(options, 'retry'),
  );
  say('abort', 'go back to the certificates of the start, while the old root is still trusted')
    .option(...by)
    .option('--reason <text>', 'why, for the report')
    .action(async (options: CommonOptions & { by?: string; reason?: string }) => {
      await send(options, 'abort', async () => ({ ...given('by', options.by), ...given('reason', options.reason) }));
    });
  say('strategy', 'do not wait any longer for proxies to come along by themselves: roll what is left')
    .addOption(new Option('--leaf-renewal <how>', 'of a wait for renewals').choices(['roll']))
    .addOption(new Option('--pace <how>', 'of an organic rollout').choices(['forced']))
    .action(async (options: CommonOptions & { leafRenewal?: string; pace?: string }) => {
      await send(options, 'strategy', async () => ({
        ...given('leafRenewal', options.leafRenewal),
        ...given('pace', options.pace),
      }));
    });
  say('waive', 'go on without a workload or a namespace')
    .argument('<subject>', 'namespace/Kind/name, namespace/Pod/name, or namespace')
    .requiredOption('--reason <text>', 'why; the report shows it')
    .option(...by)
    .action(async (subject: string, options: CommonOptions & { reason: string; by?: string }) => {
      await send(options, 'waive', async () => ({ subject, reason: options.reason, ...given('by', options.by) }));
    });
}

async function send(
  options: CommonOptions,
  update: string,
  argument?: (status: () => Promise<RotationStatus>) => Promise<object>,
): Promise<void> {
  const session = await openSession(options.cluster, process.env, 'find');
  const handle = rotationHandle(session, options);
  try {
    const args: [object?] = argument ? [await argument(async () => await handle.query<RotationStatus>('status'))] : [];
    const reply = await handle.executeUpdate<string, [object]>(update, { args: args as [object] });
    process.stdout.write(options.output === 'json' ? `${JSON.stringify({ reply })}\n` : `${reply}\n`);
  } catch (error) {
    throw explained(error, handle.workflowId);
  } finally {
    await session.close();
  }
}

/** What the rotation itself said, in place of the transport's words. */
export function explained(error: unknown, workflowId: string): unknown {
  if (error instanceof WorkflowUpdateFailedError)
    return new CliError(error.cause?.message ?? error.message, EXIT.refused);
  if (error instanceof WorkflowNotFoundError) return new CliError(`no rotation ${workflowId} is running`, EXIT.failed);
  return error;
}

function given<K extends string>(name: K, value: string | undefined): { [key in K]?: string } {
  return (value ? { [name]: value } : {}) as { [key in K]?: string };
}
