import { Command } from 'commander';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { addUpdateCommands } from '../../../../src/cli/commands/updates.js';

const sent = vi.hoisted((): unknown[] => []);

vi.mock('../../../../src/cli/session/connect.js', () => ({
  openSession: async () => ({ close: async () => undefined }),
  rotationHandle: () => ({
    workflowId: 'trust-root-default',
    describe: async () => ({ status: { name: 'COMPLETED' } }), // nobody asks for a worker
    client: { connection: { withDeadline: async (_: number, ask: () => Promise<unknown>) => await ask() } },
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
