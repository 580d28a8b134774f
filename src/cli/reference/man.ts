import { type Row, tableUnder } from './tables.js';
import type { CommandFacts } from './tree.js';

/** docs/man/reroot.1: macros of man(7), as groff and mandoc both read them. */

export interface ManSources {
  commands: readonly CommandFacts[];
  description: string;
  /** The text of docs/cli.md: its tables of exit codes and variables. */
  cli: string;
  /** The text of CHANGELOG.md: the newest version and its day. */
  changelog: string;
}

const FILES: readonly Row[] = [
  ['~/.kube/config', 'the cluster, where KUBECONFIG names no other'],
  [
    '~/.config/temporalio/temporal.toml',
    'profiles of Temporal servers, as the Temporal CLI has them (XDG_CONFIG_HOME)',
  ],
  ['~/.local/state/reroot/CLUSTER', 'database and logs of the embedded Temporal server (XDG_STATE_HOME)'],
];

const PROSE = [
  'It puts a new root beside the old one, moves every proxy to it, and takes the old one out, while the mesh runs. It is a ' +
    'workflow of Temporal: workers, laptops and API servers may die under it, and it goes on where it was. Before the point of ' +
    'no return it stops and asks, and `reroot abort` goes back until then.',
  'Without a Temporal server `reroot rotate` starts one on this machine. `kubectl reroot` and `linkerd reroot` are the same program.',
];

export function manPage({ commands, description, cli, changelog }: ManSources): string {
  const [, version = '', date = ''] = /^## \[([^\]]+)\] - (\S+)/m.exec(changelog) ?? [];
  return `${[
    String.raw`.\" Made from the program by "npm run docs": do not edit it.`,
    `.TH REROOT 1 "${date}" "reroot ${version}" "User Commands"`,
    ...heading('NAME', [filled(`reroot - ${lowered(description)}`)]),
    ...heading('SYNOPSIS', [
      '.B reroot',
      roff('COMMAND [options]'),
      '.br',
      '.B kubectl reroot',
      roff('COMMAND [options]'),
    ]),
    ...heading('DESCRIPTION', paragraphs(PROSE)),
    ...heading('COMMANDS', commands.flatMap(commandLines)),
    ...heading(
      'EXIT STATUS',
      tableUnder(cli, 'Exit codes').flatMap(([code, text]) => entry(code, text)),
    ),
    ...heading('ENVIRONMENT', environmentLines(cli)),
    ...heading(
      'FILES',
      FILES.flatMap(([file, text]) => entry(file, text)),
    ),
    ...heading('EXAMPLES', exampleLines(commands)),
    ...heading('SEE ALSO', ['.BR kubectl (1),', '.BR temporal (1),', 'and docs/ of the package, from docs/cli.md on.']),
  ].join('\n')}\n`;
}

function heading(title: string, lines: readonly string[]): string[] {
  return [`.SH ${title}`, ...lines];
}

function paragraphs(texts: readonly string[]): string[] {
  return texts.flatMap((text, index) => [...(index === 0 ? [] : ['.PP']), filled(text)]);
}

function commandLines({ usage, description, notes, ...command }: CommandFacts): string[] {
  return [
    `.SS ${roff(`reroot ${usage}`)}`,
    filled(`${description.charAt(0).toUpperCase()}${description.slice(1)}.`),
    ...[...command.arguments, ...command.options].flatMap((one) => entry(one.term, termText(one))),
    ...(notes === '' ? [] : ['.PP', ...linesOf(notes)]),
  ];
}

function termText({ description, choices, default: value, required }: CommandFacts['options'][number]): string {
  const notes = [
    ...(required ? ['has to be given'] : []),
    ...(choices ? [`one of ${choices.join(', ')}`] : []),
    ...(value === undefined ? [] : [`default: ${value}`]),
  ];
  return [description, ...notes].join('; ');
}

function environmentLines(cli: string): string[] {
  const rows = tableUnder(cli, 'Configuration of workers');
  return [
    filled(
      'Those of a worker; the command line reads those of the way to the cluster. For Temporal: TEMPORAL_ADDRESS, ' +
        'TEMPORAL_NAMESPACE, TEMPORAL_API_KEY, TEMPORAL_TLS_*, TEMPORAL_PROFILE.',
    ),
    ...rows.flatMap(([name, value = '', text = '']) =>
      entry(name, `${text}${value === '—' ? '' : ` (default: ${value})`}`),
    ),
  ];
}

/** The first of each command: what else it can do stands in docs/cli-reference.md. */
function exampleLines(commands: readonly CommandFacts[]): string[] {
  const examples = commands.flatMap(({ examples: all }) => all.slice(0, 1));
  return examples.flatMap((example, index) => [
    ...(index === 0 ? [] : ['.PP']),
    filled(`${example.for}:`.replace(/([?.]):$/, '$1')),
    '.PP',
    '.RS 4',
    '.nf',
    safe(roff(`reroot ${example.type}`)),
    '.fi',
    '.RE',
  ]);
}

/** Lines whose columns mean something are not filled. */
function linesOf(text: string): string[] {
  const lines = text.split('\n').map(roff).map(safe);
  return /^\w+: {2,}/m.test(text) ? ['.nf', ...lines, '.fi'] : [filled(text)];
}

function entry(term = '', text = ''): string[] {
  return ['.TP', `.B ${roff(term.replaceAll('`', ''))}`, filled(text)];
}

/** Characters of a line of the source, as mandoc wants it. */
const WIDTH = 78;

/** Text that is filled: a line for each sentence, and no long ones. */
function filled(text: string): string {
  const lines = roff(text)
    .split(/\n|(?<=[a-z)][.?!]) +(?=[A-Z\\])/)
    .flatMap(folded);
  return lines.map(safe).join('\n');
}

function folded(line: string): string[] {
  const lines: string[] = [];
  let current = '';
  for (const word of line.split(/ +/)) {
    if (current !== '' && current.length + word.length >= WIDTH) {
      lines.push(current);
      current = word;
    } else current = current === '' ? word : `${current} ${word}`;
  }
  return [...lines, current];
}

/** No macro, whatever a line begins with. */
function safe(line: string): string {
  return line.replace(/^(?=[.'])/, String.raw`\&`);
}

/** Markdown of one line as roff: links by their text, code in bold; what roff would read as its own is escaped. */
export function roff(text: string): string {
  return text
    .replaceAll(/\[([^\]]+)\]\([^)]*\)/g, '$1')
    .replaceAll('**', '')
    .replaceAll('\\', String.raw`\e`)
    .replaceAll('-', String.raw`\-`)
    .replaceAll(/`([^`]*)`/g, String.raw`\fB$1\fR`)
    .replaceAll(/[^\u0020-\u007E\n]/gu, (character) => `\\[u${hex(character)}]`);
}

function hex(character: string): string {
  return (character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0');
}

function lowered(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1).replace(/\.$/, '');
}
