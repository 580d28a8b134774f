import { expect, it } from 'vitest';
import { readInput } from '../../../src/rotation/input.js';
import { readWorkerConfig } from '../../../worker/config.js';

it('has a default for everything', () => {
  expect(readWorkerConfig({})).toMatchObject({
    REROOT_TASK_QUEUE: 'reroot',
    REROOT_CLUSTER: 'default',
    REROOT_REACH: 'auto',
  });
});

it('refuses a bad configuration with all problems at once', () => {
  const read = () => readWorkerConfig({ REROOT_REACH: 'telepathy', REROOT_PROBE_CONCURRENCY: '-1', REROOT_TYPO: 'x' });
  expect(read).toThrow(/REROOT_REACH[\s\S]*REROOT_PROBE_CONCURRENCY[\s\S]*REROOT_TYPO: no such setting/);
});

it.each(['prod', 'eu-west.prod_2', 'arn:aws:eks:eu-west-1:1:cluster/prod', 'me@prod', 'The Cluster', 'köln'])(
  'worker and rotation both take the cluster name %s',
  (cluster) => {
    expect(readWorkerConfig({ REROOT_CLUSTER: cluster }).REROOT_CLUSTER).toBe(cluster);
    expect(readInput({ cluster })).toMatchObject({ ok: true, settings: { cluster } });
  },
);

it.each([' prod', 'prod ', 'a  b', 'a\nb', 'a\u200Bb', 'a\u0007', 'x'.repeat(101)])(
  'neither takes a name that looks like another, or cannot be typed: %j',
  (cluster) => {
    expect(() => readWorkerConfig({ REROOT_CLUSTER: cluster })).toThrow('REROOT_CLUSTER');
    expect(readInput({ cluster })).toMatchObject({ ok: false });
  },
);
