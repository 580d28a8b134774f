import './memory.js'; // first: V8's flags count from then on
import { ServiceError } from '@temporalio/client';
import { Command } from 'commander';
import pc from 'picocolors';
import packageJson from '../../package.json' with { type: 'json' };
import { plainLines } from '../ground/plain.js';
import { CliError, EXIT } from './exit-codes.js';
import { addEmbeddedHostCommand } from './commands/embedded-host.js';
import { addCompletionCommand } from './commands/completion.js';
import { addExplainCommand } from './commands/explain.js';
import { addHandOffCommand } from './commands/hand-off.js';
import { addPreflightCommand } from './commands/preflight.js';
import { addRotateCommand } from './commands/rotate.js';
import { addStatusCommand } from './commands/status.js';
import { addUiCommand } from './commands/ui.js';
import { addUpdateCommands } from './commands/updates.js';
import { addValuesCommand } from './commands/values.js';
import { addWatchCommand } from './commands/watch.js';
import { addWorkerCommand } from './commands/worker.js';

const EXIT_HELP = `
Exit codes: 0 done, 1 failed, 2 refused (usage, input, mesh not ready: nothing changed), 3 the rotation is still running.`;

async function main(argv: string[]): Promise<number> {
  let exitCode: number = EXIT.ok;
  const done = (code: number) => (exitCode = code);
  const program = new Command('reroot')
    .description('Replaces the identity trust root of a running Linkerd mesh, durably and without a refused handshake.')
    .version(packageJson.version)
    .showHelpAfterError()
    .exitOverride()
    .hook('preAction', (_program, command) => forgetEmptyOptions(command));
  addPreflightCommand(program, done);
  addRotateCommand(program, done);
  addStatusCommand(program, done);
  addValuesCommand(program, done);
  addHandOffCommand(program);
  addUpdateCommands(program);
  addWatchCommand(program);
  addWorkerCommand(program);
  addUiCommand(program);
  addExplainCommand(program);
  addEmbeddedHostCommand(program);
  addCompletionCommand(program);
  program.addHelpText('after', EXIT_HELP);
  try {
    await program.parseAsync(argv);
    return exitCode;
  } catch (error) {
    return explain(error);
  }
}

/** An empty option is as good as none: scripts pass `--context "$CONTEXT"`. */
function forgetEmptyOptions(command: Command): void {
  for (const option of command.options) {
    const name = option.attributeName();
    const isEmpty = option.defaultValue === undefined && command.getOptionValue(name) === '';
    if (isEmpty) command.setOptionValue(name, undefined);
  }
}

function explain(error: unknown): number {
  if (error instanceof CliError) {
    process.stderr.write(`${pc.red('reroot:')} ${plainLines(error.message)}\n`);
    return error.exitCode;
  }
  const code = (error as { code?: unknown }).code;
  if (typeof code === 'string' && code.startsWith('commander.')) {
    return (error as { exitCode?: number }).exitCode === 0 ? EXIT.ok : EXIT.refused;
  }
  process.stderr.write(`${pc.red('reroot:')} ${plainLines(textOf(error))}\n`);
  if (process.env['REROOT_LOG_LEVEL'] === 'debug' && error instanceof Error)
    process.stderr.write(`${plainLines(error.stack ?? '')}\n`);
  return EXIT.failed;
}

/** Temporal's client says what it did in the message, and what went wrong in the cause. */
function textOf(error: unknown): string {
  if (error instanceof ServiceError && error.cause) return `${error.message}: ${error.cause.message}`;
  return error instanceof Error ? error.message : String(error);
}

process.exitCode = await main(process.argv);
