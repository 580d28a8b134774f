import { Command } from 'commander';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { addUpdateCommands } from '../../../../src/cli/commands/updates.js';

const sent = vi.hoisted((): unknown[] => []);
const shown = vi.hoisted((): { status: object; answer: string } => ({ status: {}, answer: '' }));

vi.mock('node:readline/promises', () => ({
  createInterface: () => ({ question: async () => await Promise.resolve(shown.answer), close: () => undefined }),
}));

vi.mock('../../../../src/cli/session/connect.js', () => ({
  openSession: async () => ({ close: async () => undefined }),
  rotationHandle: () => ({
    workflowId: 'trust-root-default',
    describe: async () => ({ status: { name: 'COMPLETED' } }), // nobody asks for a worker
    client: { connection: { withDeadline: async (_: number, ask: () => Promise<unknown>) => await ask() } },
    query: async () => await Promise.resolve(shown.status),
    executeUpdate: async (name: string, { args }: { args: unknown[] }) => {
      sent.push(name, ...args);
      return 'done';
    },
  }),
}));

beforeEach(() => {
  sent.length = 0;
  vi.spyOn(process.stdout, 'write').mockReturnValue(true);
});

async function run(...args: string[]): Promise<unknown[]> {
  const program = new Command('reroot').exitOverride().configureOutput({ writeErr: () => undefined });
  addUpdateCommands(program);
  for (const command of program.commands) command.exitOverride().configureOutput({ writeErr: () => undefined });
  await program.parseAsync(['node', 'reroot', ...args]);
  return sent;
}

describe('an approval on the command line', () => {
  const waiting = {
    kind: 'approval',
    for: 'approval of retire',
    since: '',
    on: ['waiver added: shop'],
    todo: 'After this.',
  };
  const root = (commonName: string, fingerprint: string) => ({
    commonName,
    fingerprint,
    notAfter: '2036-01-01T00:00:00Z',
  });
  const atTerminal = (isTTY: boolean) => {
    for (const stream of [process.stdin, process.stdout])
      Object.defineProperty(stream, 'isTTY', { value: isTTY, configurable: true });
  };
  beforeEach(() => {
    shown.status = {
      waiting: { ...waiting, planHash: '0123456789abcdef' },
      plan: { hash: '0123456789abcdef', phases: [], namespaces: [], strategy: 'bridge' },
      roots: { root: root('new', 'ffff'), retire: [root('old', 'eeee')] },
      waivers: [{ subject: 'shop', reason: 'gone', gate: 'trust' }],
    };
    atTerminal(true);
  });
  const written = () =>
    vi
      .mocked(process.stdout.write)
      .mock.calls.map(([text]) => String(text))
      .join('');

  it('shows the roots, the plan and the waivers, and takes a yes', async () => {
    shown.answer = 'yes';
    expect(await run('approve', '--by', 'Ann')).toEqual(['approve', { planHash: '0123456789abcdef', by: 'Ann' }]);
    for (const text of ['new, ffff', 'old, eeee', 'Plan 0123456789abcdef', 'Waived: shop', 'waiver added: shop'])
      expect(written()).toContain(text);
  });
  it('approves nothing on any other answer', async () => {
    shown.answer = 'y';
    await expect(run('approve')).rejects.toThrow('nothing was approved');
    expect(sent).toEqual([]);
  });
  it('needs the hash where nobody can be asked', async () => {
    atTerminal(false);
    await expect(run('approve')).rejects.toThrow('--plan <hash>');
    atTerminal(true);
    await expect(run('approve', '-o', 'json')).rejects.toThrow('--plan <hash>');
    expect(sent).toEqual([]);
    expect(await run('approve', '--plan', 'abc', '--by', 'Ann')).toEqual(['approve', { planHash: 'abc', by: 'Ann' }]);
  });
  it('leaves it to the rotation to say that there is nothing to approve', async () => {
    shown.status = {};
    expect(await run('approve', '--by', 'Ann')).toEqual(['approve', { planHash: '', by: 'Ann' }]);
  });
});

describe('waivers on the command line', () => {
  it('leave the gate to the rotation unless one is named', async () => {
    expect(await run('waive', 'shop/Pod/web', '--reason', 'gone', '--by', 'Ann')).toEqual([
      'waive',
      { subject: 'shop/Pod/web', reason: 'gone', by: 'Ann' },
    ]);
  });
  it.each(['trust', 'rollout', 'refresh'])('name the gate that they open: %s', async (gate) => {
    expect(await run('waive', 'shop', '--reason', 'gone', '--by', 'Ann', '--gate', gate)).toEqual([
      'waive',
      { subject: 'shop', reason: 'gone', gate, by: 'Ann' },
    ]);
  });
  it('open no gate that is none', async () => {
    await expect(run('waive', 'shop', '--reason', 'gone', '--gate', 'finish')).rejects.toThrow('Allowed choices');
    expect(sent).toEqual([]);
  });
  it('are taken back', async () => {
    expect(await run('unwaive', 'shop', '--by', 'Ann', '--reason', 'it is back')).toEqual([
      'unwaive',
      { subject: 'shop', by: 'Ann', reason: 'it is back' },
    ]);
  });
});
