import { expect, it } from 'vitest';
import { workerEnvironment } from '../../../../src/cli/options/common.js';
import { readWorkerConfig } from '../../../../worker/config.js';

it('a worker, also the one that `rotate` starts for itself, serves the cluster that is named', () => {
  const configured = readWorkerConfig(workerEnvironment({ cluster: 'prod' }, { REROOT_CLUSTER: 'staging' }));
  expect(configured.REROOT_CLUSTER).toBe('prod');
  expect(readWorkerConfig(workerEnvironment({}, { REROOT_CLUSTER: 'staging' })).REROOT_CLUSTER).toBe('staging');
});
