import { readFileSync } from 'node:fs';
import path from 'node:path';
import { createProgram } from '../program.js';
import { manPage } from './man.js';
import { markdownReference } from './markdown.js';
import { commandsOf } from './tree.js';

/** What is made from the program: path below the repository, and text before prettier. */
export function generatedPages(root: string): Record<string, string> {
  const program = createProgram(() => undefined, 'reroot');
  const commands = commandsOf(program);
  const read = (file: string) => readFileSync(path.join(root, file), 'utf8');
  return {
    'docs/cli-reference.md': markdownReference(commands),
    'docs/man/reroot.1': manPage({
      commands,
      description: program.description(),
      cli: read('docs/cli.md'),
      changelog: read('CHANGELOG.md'),
    }),
  };
}
