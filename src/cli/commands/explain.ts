import type { Command } from 'commander';
import pc from 'picocolors';
import { plain } from '../../ground/plain.js';
import { asCalled } from '../called.js';
import { CliError, EXIT } from '../exit-codes.js';
import { reasonNamed, reasons, reasonsLike } from '../reasons.js';

export function addExplainCommand(program: Command): void {
  program
    .command('explain')
    .description('say what a reason means, its cause and its cure; without one, list them all')
    .argument('[reason]', 'as a finding, an alert or a failure names it')
    .action((reason?: string) => {
      process.stdout.write(`${asCalled(reason === undefined ? listText() : explanation(reason))}\n`);
    });
}

function listText(): string {
  const all = reasons();
  const width = Math.max(...all.map(({ name }) => name.length));
  return all.map(({ name, summary }) => `${pc.bold(name.padEnd(width))}  ${summary}`).join('\n');
}

/** @throws CliError with what was perhaps meant */
function explanation(wanted: string): string {
  const reason = reasonNamed(wanted);
  if (reason) return `${pc.bold(reason.name)}\n\n${reason.text}`;
  const like = reasonsLike(wanted);
  const meant = like.length > 0 ? `Did you mean ${like.join(', ')}? ` : '';
  throw new CliError(`there is no reason ${plain(wanted)}. ${meant}\`reroot explain\` lists them all`, EXIT.refused);
}
