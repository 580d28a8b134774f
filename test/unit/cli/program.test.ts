import type { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { type CalledName } from '../../../src/cli/called.js';
import { EXAMPLES } from '../../../src/cli/examples.js';
import { issuerInput, rotationInput, watchInput } from '../../../src/cli/options/input.js';
import { createProgram } from '../../../src/cli/program.js';
import { readInput, readIssuerInput } from '../../../src/rotation/input.js';
import { readWatchInput } from '../../../src/rotation/watch-input.js';

function visible(program: Command): Command[] {
  return program
    .createHelp()
    .visibleCommands(program)
    .filter((command) => command.name() !== 'help');
}

const program = createProgram(() => undefined, 'reroot');
const examples = Object.entries(EXAMPLES).flatMap(([name, all]) => all.map(({ type }) => ({ name, type })));

/** Words as sh has them, up to a pipe or a redirection. */
function words(line: string): string[] {
  const [own = ''] = line.split(/ [|>] /);
  return [...own.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, bare]) => quoted ?? bare ?? '');
}

interface Parsed {
  name: string;
  options: object;
}

async function parsed(line: string): Promise<Parsed> {
  const seen: Parsed[] = [];
  const tree = createProgram(() => undefined, 'reroot');
  const listen = (command: Command, name: string): void => {
    command.configureOutput({ writeErr: () => undefined });
    if (command.commands.length === 0) command.action(() => void seen.push({ name, options: command.opts() }));
    for (const below of command.commands) listen(below, name);
  };
  for (const command of tree.commands) listen(command, command.name());
  await tree.parseAsync(words(line), { from: 'user' });
  const [only] = seen;
  if (!only || seen.length !== 1) throw new Error(`${seen.length} commands ran`);
  return only;
}

/** Who reads the options of a command as an input. */
const INPUTS: Readonly<Record<string, (options: never) => { ok: boolean }>> = {
  preflight: (options) => readInput(rotationInput(options)),
  rotate: (options) => readInput(rotationInput(options)),
  'rotate-issuer': (options) => readIssuerInput(issuerInput(options)),
  watch: (options) => readWatchInput(watchInput(options)),
};

describe('examples', () => {
  it.each(visible(program).map((command) => command.name()))('%s has some (src/cli/examples.ts)', (name) =>
    expect(EXAMPLES[name]?.length ?? 0).toBeGreaterThan(0),
  );
  it('are of commands that there are', () => {
    const names = visible(program).map((command) => command.name());
    expect(Object.keys(EXAMPLES).filter((name) => !names.includes(name))).toEqual([]);
  });
  it.each(examples)('$type can be typed', async ({ name, type }) => {
    const { name: ran, options } = await parsed(type);
    expect(ran).toBe(name);
    expect(INPUTS[name]?.(options as never).ok ?? true).toBe(true);
  });
  it('would be refused with a flag that there is not', async () =>
    await expect(parsed('rotate --strtegy bridge')).rejects.toThrow('unknown option'));
});

function helpOf(name: CalledName, command: string): string {
  let text = '';
  const found = createProgram(() => undefined, name).commands.find((one) => one.name() === command);
  found?.configureOutput({ writeOut: (more) => (text += more) }).outputHelp();
  return text;
}

describe('the help', () => {
  it.each(['reroot', 'kubectl reroot', 'linkerd reroot'] as const)('of `%s` says that name', (name) => {
    const text = helpOf(name, 'approve');
    expect(text).toContain(`Usage: ${name} approve`);
    expect(text).toContain(`  ${name} approve --cluster prod\n`);
  });
  it('of completion names the program that a shell runs', () => {
    expect(helpOf('kubectl reroot', 'completion')).toContain('source <(kubectl-reroot completion bash)');
    expect(helpOf('kubectl reroot', 'completion')).toContain('kubectl_complete-reroot');
    expect(helpOf('reroot', 'completion')).toContain('source <(reroot completion bash)');
  });
  it('says nothing of this machine', () => {
    const [user = 'nobody-at-all'] = [process.env['USER']].filter(Boolean);
    expect(helpOf('reroot', 'abort')).not.toContain(`"${user}"`);
  });
});

describe('what linkerd passes on to `check`', () => {
  /** getExtensionCheckFlags of linkerd2 cli/cmd/check.go, with nothing said and with everything. */
  const PLAIN = '--as-group=[] --linkerd-namespace=linkerd --verbose=false --proxy=false --wait=5m0s --output=json';
  const FULL = `--context=prod --kubeconfig=/k --namespace=shop ${PLAIN}`;

  it.each([PLAIN, FULL])('is taken: %s', async (flags) => {
    const { options } = await parsed(`check ${flags}`);
    expect(options).toMatchObject({ linkerdNamespace: 'linkerd', output: 'json' });
  });
});
