import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { DefaultLogger, Runtime } from '@temporalio/worker';
import { beforeAll, describe, expect, it } from 'vitest';
import { firstTask, replays } from '../../../worker/replay.js';

const HISTORIES = path.resolve(import.meta.dirname, '../../histories');
const source = { workflowsPath: path.resolve(import.meta.dirname, '../../../workflows/index.ts') };

interface StoredHistory {
  events: { eventId: string; eventType: string }[];
}

beforeAll(() => void Runtime.install({ logger: new DefaultLogger('ERROR') }));

const files = (folder: string): string[] => readdirSync(folder).filter((file) => file.endsWith('.json'));
const read = (...file: string[]): StoredHistory =>
  JSON.parse(readFileSync(path.join(HISTORIES, ...file), 'utf8')) as StoredHistory;

/** Rotations run for days: a worker with today's code must be able to go on with what an earlier one began. */
describe('histories of this version and of those it is compatible with', { timeout: 120_000 }, () => {
  it.each(files(HISTORIES))('%s replays', async (file) => {
    expect(await replays(source, read(file), 'replay')).toBe(true);
  });

  it.each(files(HISTORIES))('%s replays wherever its worker is stopped', async (file) => {
    const { events } = read(file);
    // what the server writes at once ends before a workflow task is scheduled, or after it was started
    const ends = events.flatMap(({ eventType }, at) =>
      eventType.endsWith('WORKFLOW_TASK_SCHEDULED') ? [at, at + 1] : [],
    );
    const some = ends.filter((end, index) => end > 2 && index % Math.ceil(ends.length / 3) === 0);
    for (const end of some) expect(await replays(source, { events: events.slice(0, end) }, 'replay')).toBe(true);
  });
});

describe('a history of another version', { timeout: 60_000 }, () => {
  it.each(files(path.join(HISTORIES, 'old')))(
    'is recognised, so that its run starts anew: from its first task, with its input: %s',
    async (file) => {
      const history = read('old', file);
      expect(await replays(source, history, 'replay')).toBe(false);
      expect(String(firstTask(history as never))).toBe('4');
    },
  );

  it('is recognised by one step that this version would not have taken', async () => {
    const [file] = files(HISTORIES);
    if (file === undefined) return;
    const text = JSON.stringify(read(file)).replace('"generate"', '"somethingElse"');
    expect(await replays(source, JSON.parse(text), 'replay')).toBe(false);
  });
});
