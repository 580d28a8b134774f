import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { Command } from 'commander';
import { format, resolveConfig } from 'prettier';
import { describe, expect, it } from 'vitest';
import { manPage, roff } from '../../../src/cli/reference/man.js';
import { markdownReference } from '../../../src/cli/reference/markdown.js';
import { generatedPages } from '../../../src/cli/reference/pages.js';
import { tableUnder } from '../../../src/cli/reference/tables.js';
import { commandsOf } from '../../../src/cli/reference/tree.js';

const ROOT = path.resolve(import.meta.dirname, '../../..');
const read = (file: string) => readFileSync(path.join(ROOT, file), 'utf8');

describe('pages that are made from the program', () => {
  it.each(Object.entries(generatedPages(ROOT)))('%s is up to date (`npm run docs` makes it)', async (file, text) => {
    const options = await resolveConfig(path.join(ROOT, file));
    const made = file.endsWith('.md') ? await format(text, { ...options, parser: 'markdown' }) : text;
    expect(existsSync(path.join(ROOT, file)) ? read(file) : '').toBe(made);
  });
});

describe('the variables of a worker', () => {
  it('stand in the table of docs/cli.md, which the man page has too', () => {
    const settings = [...read('worker/config.ts').matchAll(/^ {2}(REROOT_\w+|KUBECONFIG): /gm)].map(
      ([, name]) => name ?? '',
    );
    const documented = tableUnder(read('docs/cli.md'), 'Configuration of workers').flatMap(([names = '']) =>
      [...names.matchAll(/`(\w+)`/g)].map(([, name]) => name ?? ''),
    );
    expect(settings.length).toBeGreaterThan(10);
    expect(settings.filter((name) => !documented.includes(name))).toEqual([]);
  });
});

/** A program with everything that a page could get wrong. */
function small(): Command {
  const program = new Command('reroot');
  program
    .command('give')
    .description('give a|b to <somebody>')
    .argument('<who>', "'name' of them")
    .option('--how <way>', '.dotted and back\\slashed', 'by hand')
    .addHelpText('after', '\nA note with `reroot status`.');
  program.command('secret', { hidden: true });
  return program;
}

const commands = commandsOf(small());
const SOURCES = { commands, description: 'Gives.', cli: '', changelog: '## [1.2.3] - 2026-01-02\n' };

describe('the tree of commands', () => {
  it('is without what is hidden', () => expect(commands.map(({ name }) => name)).toEqual(['give']));
  it('has what the help says below', () => expect(commands[0]?.notes).toBe('A note with `reroot status`.'));
});

describe('the reference', () => {
  it('is Markdown that no text of the program breaks', () => {
    const page = markdownReference(commands);
    expect(page).toContain(String.raw`Give a|b to \<somebody>.`);
    expect(page).toContain(`| \`--how <way>\` | .dotted and back${'\\'.repeat(2)}slashed; default: by hand |`);
  });
});

describe('the man page', () => {
  it('has name, day and version', () =>
    expect(manPage(SOURCES)).toContain('.TH REROOT 1 "2026-01-02" "reroot 1.2.3" "User Commands"'));
  it('has no line that roff takes for its own', () => {
    expect(manPage(SOURCES)).toContain(String.raw`\&.dotted and back\eslashed`);
    expect(manPage(SOURCES)).toContain(String.raw`\&'name' of them`);
  });
  it.each([
    ['--flag', String.raw`\-\-flag`],
    ['`reroot status` of [cli.md](cli.md#x)', String.raw`\fBreroot status\fR of cli.md`],
    ['é', String.raw`\[u00E9]`],
  ])('%s is %s', (text, wanted) => expect(roff(text)).toBe(wanted));
});
