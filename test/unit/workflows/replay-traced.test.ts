import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { bundleWorkflowCode, DefaultLogger, Runtime } from '@temporalio/worker';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { replays } from '../../../worker/replay.js';

const ROOT = path.resolve(import.meta.dirname, '../../..');
const HISTORIES = path.join(ROOT, 'test/histories');
const folder = mkdtempSync(path.join(tmpdir(), 'reroot-traced-'));
const source = {
  workflowBundle: { codePath: path.join(folder, 'workflows-traced.js') },
  sinks: { exporter: { export: { fn: () => undefined } } },
};

/** As scripts/build.mjs makes it. */
beforeAll(async () => {
  Runtime.install({ logger: new DefaultLogger('ERROR') });
  const { code } = await bundleWorkflowCode({
    workflowsPath: path.join(ROOT, 'workflows/index.ts'),
    workflowInterceptorModules: [path.join(ROOT, 'workflows/traced.ts')],
    logger: new DefaultLogger('WARN'),
  });
  writeFileSync(source.workflowBundle.codePath, code);
}, 120_000);
afterAll(() => rmSync(folder, { recursive: true }));

interface StoredHistory {
  events: { eventId: string; eventType: string }[];
}

const files = readdirSync(HISTORIES).filter((file) => file.endsWith('.json'));
const read = (file: string) => JSON.parse(readFileSync(path.join(HISTORIES, file), 'utf8')) as StoredHistory;

/** Tracing is turned on while rotations run, and on some workers before others. */
describe('a history that was recorded without tracing', { timeout: 120_000 }, () => {
  it.each(files)('replays with it: %s', async (file) => {
    expect(await replays(source, read(file), 'replay')).toBe(true);
  });

  it.each(files)('replays with it when its worker is stopped in the middle: %s', async (file) => {
    const { events } = read(file);
    const ends = events.flatMap(({ eventType }, at) => (eventType.endsWith('WORKFLOW_TASK_SCHEDULED') ? [at + 1] : []));
    const middle = ends[Math.ceil(ends.length / 2)];
    expect(await replays(source, { events: events.slice(0, middle) }, 'replay')).toBe(true);
  });

  it('is told from one of other workflow code', async () => {
    const text = JSON.stringify(read('bridge-0.7.json')).replace('"generate"', '"somethingElse"');
    expect(await replays(source, JSON.parse(text), 'replay')).toBe(false);
  });
});
