import { type Command, Option } from 'commander';
import { WorkflowNotFoundError } from '@temporalio/client';
import { plainLines } from '../../ground/plain.js';
import type { RotationStatus } from '../../rotation/status.js';
import { asCalled } from '../called.js';
import { CliError, EXIT } from '../exit-codes.js';
import { clusterOption } from '../options/common.js';
import { openSession, rotationHandle } from '../session/connect.js';
import { answered } from '../session/pollers.js';
import {
  HAND_OFF_FORMATS,
  handOffContent,
  handOffFacts,
  type HandOffFormat,
  handOffsOf,
  handOffText,
  plainWords,
} from '../view/hand-off.js';
import { machineText } from '../view/machine.js';

interface HandOffOptions {
  cluster: string;
  workflowId?: string;
  output: HandOffFormat;
}

const HELP = `
-o patch prints lines for sh, -o values a file for helm upgrade -f, -o manifest objects for Git. Private keys are in none:
where one goes with a certificate, the Secret that has it is named.`;

export function addHandOffCommand(program: Command): void {
  program
    .command('hand-off')
    .description('print what somebody else has to write (Git, Helm values, Terraform) for the rotation to go on')
    .addOption(clusterOption())
    .option('--workflow-id <id>', 'workflow id of the rotation (default: trust-root-<cluster>)')
    .addOption(new Option('-o, --output <format>', 'what to print').choices(HAND_OFF_FORMATS).default('text'))
    .addHelpText('after', HELP)
    .action(async (options: HandOffOptions) => await show(options));
}

async function show(options: HandOffOptions): Promise<void> {
  const session = await openSession(options.cluster, process.env, 'find');
  const handle = rotationHandle(session, { ...options, output: 'text' });
  try {
    const status = await answered(session, handle, async () => await handle.query<RotationStatus>('status'));
    const content = contentOf(status, options.output).trimEnd();
    process.stdout.write(`${options.output === 'text' ? asCalled(content) : content}\n`);
  } catch (error) {
    if (!(error instanceof WorkflowNotFoundError)) throw error;
    throw new CliError(`no rotation ${handle.workflowId} is running`, EXIT.failed);
  } finally {
    await session.close();
  }
}

/**
 * What `reroot hand-off` prints. In a pipe nothing is printed that is not the content.
 * @throws CliError when nobody has to write anything, or not in this format
 */
export function contentOf(status: RotationStatus, output: HandOffFormat): string {
  const waits = handOffsOf(status).map(plainWords);
  const { waiting, phase } = status;
  if (waits.length === 0) {
    const instead = waiting ? `: it waits for ${waiting.for}` : '';
    throw new CliError(`nobody else has to write anything now (phase ${phase})${instead}`, EXIT.failed);
  }
  if (output === 'text') return waits.map((wait) => handOffText(wait, new Date())).join('\n\n');
  if (output === 'json' || output === 'yaml') return machineText(handOffFacts(waits), output) ?? '';
  const contents = waits.map(({ handOff }) => handOffContent(handOff, output)).filter((text) => text !== '');
  if (contents.length > 0) return contents.map((text) => text.trimEnd()).join(output === 'patch' ? '\n' : '\n---\n');
  const todo = waits.map(({ todo: what }) => what).join('\n');
  throw new CliError(plainLines(`there is no content to print as ${output}: ${todo}`), EXIT.failed);
}
