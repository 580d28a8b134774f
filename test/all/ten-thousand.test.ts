import { Client, Connection, type WorkflowHandle } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Sandbox, startSandbox, startWorkerProcess, type WorkerProcess } from '../../sandbox/kit/index.js';
import { eventually, statusWhere } from '../integration/support.js';
import { createPods, PODS, type SlowProxies, startSlowProxies } from './ten-thousand.js';

/** Questions from which on a look is in its middle: far from its end, which is minutes away. */
const MIDDLE = 300;

describe(
  'a worker in the middle of a look at ten thousand proxies that lasts for minutes',
  { timeout: 180_000 },
  () => {
    let sandbox: Sandbox;
    let proxies: SlowProxies;
    let worker: WorkerProcess;
    let connection: Connection;
    let handle: WorkflowHandle;
    /** What was asked when the look began. */
    let before: number;

    beforeAll(async () => {
      sandbox = await startSandbox({ apps: 'small', kubeletLagMs: 500, probeRate: 1 });
      // the pods are only there to be looked at: nobody brings up what is said to run in them
      for (const { name, pid } of sandbox.servers) if (name === 'standin') process.kill(pid, 'SIGSTOP');
      proxies = await startSlowProxies('127.97.97.1');
      await createPods(sandbox, proxies);
      connection = await Connection.connect({ address: sandbox.temporal.address });
      worker = startWorkerProcess(sandbox, { REROOT_SHUTDOWN_GRACE_S: '2' });
      before = 0;
      handle = await new Client({ connection }).workflow.start('rotateTrustRoot', {
        taskQueue: 'reroot',
        workflowId: 'ten-thousand',
        args: [{ approvals: 'none' }],
      });
    }, 600_000);
    afterAll(async () => {
      await worker.stop();
      proxies.stop();
      await handle.terminate('end of a test');
      await connection.close();
      for (const { name, pid } of sandbox.servers) if (name === 'standin') process.kill(pid, 'SIGCONT');
      await sandbox.stop();
    });

    const middle = async (): Promise<void> => {
      await eventually('the middle of the look', async () => await Promise.resolve(proxies.asked() > before + MIDDLE));
      expect(proxies.asked()).toBeLessThan(before + PODS / 2);
    };
    const underWay = async () => (await handle.describe()).raw.pendingActivities ?? [];

    it('has its look cancelled by `pause`, and looks no further', async () => {
      await middle();
      expect(await underWay()).toHaveLength(1);
      await handle.executeUpdate('pause', { args: [{ reason: 'a test' }] });
      await statusWhere(handle, 'the pause', ({ waiting }) => waiting?.kind === 'paused');
      await eventually('the end of its step', async () => (await underWay()).length === 0);
      expect(proxies.asked()).toBeLessThan(before + PODS / 2);
    });

    it('ends with exit code 0 when it is told to, and leaves its look to the next', async () => {
      before = proxies.asked();
      await handle.executeUpdate('resume');
      await middle();
      await worker.stop();
      expect(worker.exitCode()).toBe(0);
      expect(proxies.asked()).toBeLessThan(before + PODS / 2);
      expect(await underWay()).toMatchObject([{ activityType: { name: 'preflight' } }]);
    });
  },
);
