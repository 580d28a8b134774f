import type { CommandFacts } from './tree.js';

/** docs/cli-reference.md, before prettier. */

const HEAD = `# Every command and flag

Made from the program by \`npm run docs\`: do not edit it. What the commands are for, exit codes, and the worker's variables are in
[cli.md](cli.md). \`kubectl reroot …\` and \`linkerd reroot …\` are the same program ([operate.md](operate.md#plugins)); the package also
has this as \`man reroot\`.`;

export function markdownReference(commands: readonly CommandFacts[]): string {
  const index = commands.map(({ name }) => `[${name}](#${name.replaceAll(' ', '-')})`).join(' · ');
  return `${[HEAD, index, ...commands.map(section)].join('\n\n')}\n`;
}

function section(command: CommandFacts): string {
  const { name, usage, description, notes, examples } = command;
  return [
    `## ${name}`,
    text(sentence(description)),
    fenced(`reroot ${usage}`),
    table([...command.arguments, ...command.options].map(row)),
    notes && prose(notes),
    fenced(examples.map((example) => `# ${example.for}\nreroot ${example.type}`).join('\n'), 'sh'),
  ]
    .filter(Boolean)
    .join('\n\n');
}

function row({ term, description, choices, default: value, required }: CommandFacts['options'][number]): string[] {
  const notes = [
    ...(required ? ['has to be given'] : []),
    ...(choices ? [`one of ${choices.map((choice) => `\`${choice}\``).join(', ')}`] : []),
    ...(value === undefined ? [] : [`default: ${value}`]),
  ];
  return [`\`${term}\``, [description, ...notes].join('; ')];
}

function table(rows: readonly string[][]): string {
  if (rows.length === 0) return '';
  const lines = [['', ''], ['-', '-'], ...rows].map((cells) => `| ${cells.map(cell).join(' | ')} |`);
  return lines.join('\n');
}

function cell(content: string): string {
  return text(content).replaceAll('|', String.raw`\|`);
}

/** Plain text with `code` in it, as Markdown: nothing outside of the code is markup. */
function text(plain: string): string {
  return plain
    .split(/(`[^`]*`)/)
    .map((part, index) => (index % 2 === 1 ? part : part.replaceAll(/[\\<*]/g, String.raw`\$&`)))
    .join('');
}

/** Lines of a help text whose columns mean something stay as they are. */
function prose(notes: string): string {
  return /^\w+: {2,}/m.test(notes) ? fenced(notes) : text(notes);
}

function fenced(lines: string, language = 'text'): string {
  return lines === '' ? '' : `\`\`\`${language}\n${lines}\n\`\`\``;
}

function sentence(words: string): string {
  return `${words.charAt(0).toUpperCase()}${words.slice(1)}.`;
}
