import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { workerEnvironment } from '../../../../src/cli/options/common.js';
import { readWorkerConfig } from '../../../../worker/config.js';

it('a worker, also the one that `rotate` starts for itself, serves the cluster that is named', () => {
  const configured = readWorkerConfig(workerEnvironment({ cluster: 'prod' }, { REROOT_CLUSTER: 'staging' }));
  expect(configured.REROOT_CLUSTER).toBe('prod');
  expect(readWorkerConfig(workerEnvironment({}, { REROOT_CLUSTER: 'staging' })).REROOT_CLUSTER).toBe('staging');
});

describe('kubeconfigs', () => {
  it('are named from the root for a worker, which may run in another folder', () => {
    expect(workerEnvironment({}, { KUBECONFIG: 'a::/b/c' })['KUBECONFIG']).toBe(`${path.resolve('a')}:/b/c`);
    expect(workerEnvironment({ kubeconfig: 'x' }, { KUBECONFIG: 'a:b' })['KUBECONFIG']).toBe(path.resolve('x'));
    expect(workerEnvironment({}, {})['KUBECONFIG']).toBeUndefined();
  });
  it('are one where a flag names them, as for kubectl', () => {
    expect(() => workerEnvironment({ kubeconfig: 'a:b' }, {})).toThrow('--kubeconfig takes one file, not a:b');
  });
});
