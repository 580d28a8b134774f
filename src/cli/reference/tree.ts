import type { Argument, Command, Option } from 'commander';
import { type Example, EXAMPLES } from '../examples.js';

/** The tree of commands as facts, for whoever writes a manual of it. What is hidden is left out. */

export interface CommandFacts {
  name: string;
  /** Without the program's name. */
  usage: string;
  description: string;
  arguments: Described[];
  options: Described[];
  /** What the help says below. */
  notes: string;
  examples: readonly Example[];
}

interface Described {
  /** `-o, --output <format>`. */
  term: string;
  description: string;
  /** In the words of the help. */
  choices?: readonly string[];
  default?: string;
  required?: true;
}

/** @param above whose commands they are: `schedule` has some of its own */
export function commandsOf(program: Command, above = ''): CommandFacts[] {
  return program
    .createHelp()
    .visibleCommands(program)
    .filter((command) => command.name() !== 'help')
    .flatMap((command) => {
      const name = `${above}${command.name()}`;
      return [factsOf(command, name), ...commandsOf(command, `${name} `)];
    });
}

function factsOf(command: Command, name: string): CommandFacts {
  const help = command.createHelp();
  const options = help.visibleOptions(command).filter(({ long }) => long !== '--help');
  return {
    name,
    usage: `${name} ${command.usage()}`,
    description: command.description(),
    arguments: help.visibleArguments(command).map(argumentFacts),
    options: options.map(optionFacts),
    notes: notesOf(command),
    examples: EXAMPLES[name] ?? [],
  };
}

function argumentFacts(argument: Argument): Described {
  const { argChoices: choices } = argument;
  return { term: argument.name(), description: argument.description, ...(choices ? { choices } : {}) };
}

/** Defaults of this machine are said in words: the manual is the same wherever it is made. */
function optionFacts(option: Option): Described {
  const { flags, description, argChoices: choices, mandatory } = option;
  const value = option.defaultValueDescription ?? (option.defaultValue as string | undefined);
  return {
    term: flags,
    description,
    ...(choices ? { choices } : {}),
    ...(value === undefined ? {} : { default: value }),
    ...(mandatory ? { required: true } : {}),
  };
}

/** What `addHelpText('after', …)` has added, without the examples. */
function notesOf(command: Command): string {
  const before = command.helpInformation();
  let text = '';
  const take = (more: string) => {
    text += more;
  };
  command.configureOutput({ writeOut: take }).outputHelp();
  const [notes = ''] = text.slice(before.length).split(/^Examples:$/m);
  return notes.trim();
}
