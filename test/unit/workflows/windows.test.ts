import { readFileSync } from 'node:fs';
import path from 'node:path';
import { DefaultLogger, Runtime } from '@temporalio/worker';
import { beforeAll, describe, expect, it } from 'vitest';
import type { RotationInput } from '../../../src/rotation/input.js';
import { replays } from '../../../worker/replay.js';

const source = { workflowsPath: path.resolve(import.meta.dirname, '../../../workflows/index.ts') };

interface Payload {
  metadata: object;
  data: string;
}

interface StoredHistory {
  events: {
    eventType: string;
    workflowExecutionStartedEventAttributes?: { input?: { payloads: Payload[] } };
    activityTaskScheduledEventAttributes?: { activityType: { name: string } };
  }[];
}

beforeAll(() => void Runtime.install({ logger: new DefaultLogger('ERROR') }));

/** A rotation that was recorded, as if it had been started with these windows. */
function recordedWith(windows: NonNullable<RotationInput['rollout']>['windows']): StoredHistory {
  const file = path.resolve(import.meta.dirname, '../../histories/standard-0.7.json');
  const history = JSON.parse(readFileSync(file, 'utf8')) as StoredHistory;
  const [payload] = history.events[0]?.workflowExecutionStartedEventAttributes?.input?.payloads ?? [];
  if (!payload) throw new Error('the recorded rotation has no input');
  const input = JSON.parse(Buffer.from(payload.data, 'base64').toString()) as RotationInput;
  payload.data = Buffer.from(JSON.stringify({ ...input, rollout: { ...input.rollout, windows } })).toString('base64');
  // as far as nothing is rolled: how it is rolled is a matter of other tests
  const rolls = history.events.findIndex(
    ({ activityTaskScheduledEventAttributes: step }) => step?.activityType.name === 'reinject',
  );
  const end = history.events.findLastIndex(
    ({ eventType }, at) => at < rolls && eventType.endsWith('WORKFLOW_TASK_SCHEDULED'),
  );
  return { events: history.events.slice(0, end + 1) };
}

/** Temporal runs workflow code where there are no Node built-ins, no code generation, and another `Date`. */
describe('windows in the workflow', { timeout: 120_000 }, () => {
  it('are read there, with their time zones', async () => {
    const always = [{ cron: '0 3 * * *', timeZone: 'Europe/Berlin', for: '2d' }];
    expect(await replays(source, recordedWith(always), 'replay')).toBe(true);
    const nowhere = [{ cron: '0 3 * * *', timeZone: 'Europe/Berlinn', for: '2d' }];
    expect(await replays(source, recordedWith(nowhere), 'replay')).toBe(false);
  });
});
