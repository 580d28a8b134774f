import { describe, expect, it } from 'vitest';
import { saidOfOnlyProxies } from '../../../src/rotation/only-proxy.js';
import { unrollableAmong } from '../../../src/rotation/preflight/workloads.js';
import { proxy } from './support.js';

const job = { namespace: 'batch', kind: 'Job', name: 'import' };
const done = (pod: string) => proxy({ namespace: 'batch', pod, uid: pod, workload: job, onlyProxy: true });

describe('pods whose own containers have ended', () => {
  const found = { reason: 'JobRunning', message: 'm', hint: 'h' };
  it('are said to be so, with how to end them', () => {
    const { reason, message, hint } = saidOfOnlyProxies(found, ['a', 'b', 'c', 'd'].map(done));
    expect(reason).toBe('JobRunning');
    expect(message).toContain('own containers of 4 of its pods have ended, and only the proxy runs on');
    expect(hint).toContain('kubectl delete pod -n batch a b c …');
  });
  it('are not, where one of them still works', () => {
    const working = proxy({ namespace: 'batch', pod: 'b', workload: job });
    expect(saidOfOnlyProxies(found, [done('a'), working])).toBe(found);
    expect(saidOfOnlyProxies(found, [])).toBe(found);
  });
  it('are named by preflight', () => {
    expect(unrollableAmong([done('a')], new Map(), false)).toMatchObject([
      {
        workload: 'batch/Job/import',
        reason: 'JobRunning',
        hint: expect.stringContaining('batch a') as string,
      },
    ]);
  });
});
