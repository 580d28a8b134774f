import { Command } from 'commander';
import packageJson from '../../package.json' with { type: 'json' };
import { asCalled, type CalledName, calledName } from './called.js';
import { addCheckCommands } from './commands/check.js';
import { addCompletionCommand } from './commands/completion.js';
import { addEmbeddedHostCommand } from './commands/embedded-host.js';
import { addExplainCommand } from './commands/explain.js';
import { addHandOffCommand } from './commands/hand-off.js';
import { addPreflightCommand } from './commands/preflight.js';
import { addReportCommand } from './commands/report.js';
import { addRotateCommand } from './commands/rotate.js';
import { addScheduleCommand } from './commands/schedule.js';
import { addStatusCommand } from './commands/status.js';
import { addUiCommand } from './commands/ui.js';
import { addUpdateCommands } from './commands/updates.js';
import { addValuesCommand } from './commands/values.js';
import { addVerifyCommand } from './commands/verify.js';
import { addVersionCommand } from './commands/version.js';
import { addWatchCommand } from './commands/watch.js';
import { addWorkerCommand } from './commands/worker.js';
import { addExamples } from './examples.js';

const EXIT_HELP = `
Exit codes: 0 done, 1 failed, 2 refused (usage, input, mesh not ready: nothing changed), 3 the rotation is still running.`;
/** linkerd ends with 1 whatever its plugin ends with (its cli/main.go). */
const LINKERD_HELP = '\n`linkerd` makes every exit code but 0 a 1: scripts call `linkerd-reroot` itself.';

/**
 * The tree of commands. Nothing runs until it is told to parse.
 * @param done takes the exit code of commands that have more than one
 */
export function createProgram(done: (exitCode: number) => void, name: CalledName = calledName()): Command {
  const program = new Command(name)
    .description(packageJson.description.replace(/\.?$/, '.'))
    .version(packageJson.version)
    .showHelpAfterError()
    .exitOverride()
    .configureOutput({
      writeOut: (text) => process.stdout.write(asCalled(text, name)),
      writeErr: (text) => process.stderr.write(asCalled(text, name)),
    })
    .hook('preAction', (_program, command) => forgetEmptyOptions(command));
  addPreflightCommand(program, done);
  addRotateCommand(program, done);
  addStatusCommand(program, done);
  addReportCommand(program, done);
  addVerifyCommand(program, done);
  addValuesCommand(program, done);
  addHandOffCommand(program);
  addUpdateCommands(program);
  addWatchCommand(program);
  addScheduleCommand(program);
  addWorkerCommand(program);
  addUiCommand(program);
  addExplainCommand(program);
  addCheckCommands(program, name);
  addVersionCommand(program);
  addEmbeddedHostCommand(program);
  addCompletionCommand(program, name);
  addExamples(program);
  return program.addHelpText('after', `${EXIT_HELP}${name === 'linkerd reroot' ? LINKERD_HELP : ''}`);
}

/** An empty option is as good as none: scripts pass `--context "$CONTEXT"`. */
function forgetEmptyOptions(command: Command): void {
  for (const option of command.options) {
    const attribute = option.attributeName();
    const isEmpty = option.defaultValue === undefined && command.getOptionValue(attribute) === '';
    if (isEmpty) command.setOptionValue(attribute, undefined);
  }
}
