import { expect, it } from 'vitest';
import { readWorkerConfig } from '../../../worker/config.js';

it('has a default for everything', () => {
  expect(readWorkerConfig({})).toMatchObject({ REROOT_TASK_QUEUE: 'reroot', REROOT_REACH: 'auto' });
});

it('refuses a bad configuration with all problems at once', () => {
  const read = () => readWorkerConfig({ REROOT_REACH: 'telepathy', REROOT_PROBE_CONCURRENCY: '-1', REROOT_TYPO: 'x' });
  expect(read).toThrow(/REROOT_REACH[\s\S]*REROOT_PROBE_CONCURRENCY[\s\S]*REROOT_TYPO: no such setting/);
});
