import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { DefaultLogger, Runtime, Worker } from '@temporalio/worker';
import { beforeAll, expect, it } from 'vitest';

const HISTORIES = path.resolve(import.meta.dirname, '../../histories');
const workflowsPath = path.resolve(import.meta.dirname, '../../../workflows/index.ts');

beforeAll(() => void Runtime.install({ logger: new DefaultLogger('ERROR') }));

/** Rotations run for days: today's code must be able to go on with what an earlier one began. */
it.each(readdirSync(HISTORIES).filter((file) => file.endsWith('.json')))(
  'replays the stored history %s',
  { timeout: 60_000 },
  async (file) => {
    const history: unknown = JSON.parse(readFileSync(path.join(HISTORIES, file), 'utf8'));
    await Worker.runReplayHistory({ workflowsPath }, history, 'replay');
  },
);

it('notices a history that this code would not have written', { timeout: 60_000 }, async () => {
  const [file = ''] = readdirSync(HISTORIES);
  const text = readFileSync(path.join(HISTORIES, file), 'utf8').replace('"generate"', '"somethingElse"');
  await expect(Worker.runReplayHistory({ workflowsPath }, JSON.parse(text) as unknown, 'replay')).rejects.toThrow(
    'Nondeterminism',
  );
});
