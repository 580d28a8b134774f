import { NamespaceNotFoundError, ServiceError } from '@temporalio/client';
import { Command } from 'commander';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { addRotateCommand, embeddedNotes } from '../../../../src/cli/commands/rotate.js';
import type { Session } from '../../../../src/cli/session/connect.js';

const start = vi.fn<() => Promise<void>>();
const session = { address: '127.0.0.1:7233', client: { workflow: { start } }, close: vi.fn<() => Promise<void>>() };
let server: Session['server'] = 'embedded';

vi.mock('../../../../src/cli/session/connect.js', () => ({
  openSession: vi.fn<() => Promise<unknown>>(async () => await Promise.resolve({ ...session, server })),
  rotationHandle: () => ({ workflowId: 'trust-root-prod' }),
}));

/** @returns the exit code */
async function rotate(): Promise<number | undefined> {
  const program = new Command('reroot').exitOverride();
  let code: number | undefined;
  addRotateCommand(program, (given) => (code = given));
  await program.parseAsync(['rotate', '--detach', '--cluster', 'prod'], { from: 'user' });
  return code;
}

describe('rotate', () => {
  beforeEach(() => {
    start.mockReset().mockResolvedValue();
    vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  });

  it('is patient with an embedded server that has just come back, and does not know its namespace yet', async () => {
    start.mockRejectedValueOnce(new NamespaceNotFoundError('default'));
    start.mockRejectedValueOnce(new ServiceError('failed to start', { cause: new Error('no hosts') }));
    expect(await rotate()).toBe(3);
    expect(start).toHaveBeenCalledTimes(3);
  });
  it('says at once what a server of others refuses', async () => {
    server = 'configured';
    start.mockRejectedValue(new NamespaceNotFoundError('typo'));
    await expect(rotate()).rejects.toThrow("Namespace not found: 'typo'");
    expect(start).toHaveBeenCalledTimes(1);
  });
});

describe('what is said of the embedded server', () => {
  const embedded = { server: 'embedded', ui: 'http://127.0.0.1:8233', hostPid: 4711 } as const;

  it('is nothing where this user is alone, or where the server is another', () => {
    expect(embeddedNotes(embedded, {}, () => [])).toEqual([]);
    expect(embeddedNotes({ server: 'configured' }, { ui: true }, () => [1001])).toEqual([]);
  });
  it('is who else could command it', () => {
    expect(embeddedNotes(embedded, { ui: true }, () => [1000, 1001])).toEqual([
      expect.stringMatching(
        /Other users run programs on this machine \(user ids 1000, 1001\).*approve, abort or start/,
      ),
    ]);
  });
  it('is how to get its UI, when it runs without', () => {
    expect(embeddedNotes({ server: 'embedded', hostPid: 4711 }, { ui: true }, () => [])).toEqual([
      expect.stringContaining('`kill 4711`'),
    ]);
    expect(embeddedNotes({ server: 'embedded', hostPid: 4711 }, {}, () => [])).toEqual([]);
  });
});
