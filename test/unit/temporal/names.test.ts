import { expect, it } from 'vitest';
import { stepQueue, workerCommand } from '../../../src/temporal/names.js';

it('the steps of each cluster have a queue of their own', () => {
  expect(stepQueue('reroot', 'prod')).toBe('reroot-prod');
});

it.each([
  ['reroot', 'default', 'reroot worker'],
  ['reroot', 'prod', 'reroot worker --cluster prod'],
  ['mesh', 'prod', 'reroot worker --cluster prod --task-queue mesh'],
  ['reroot', "anna's cluster", String.raw`reroot worker --cluster 'anna'\''s cluster'`],
])('a worker of front queue %s and cluster %s is started by: %s', (front, cluster, command) => {
  expect(workerCommand(front, cluster)).toBe(command);
});
