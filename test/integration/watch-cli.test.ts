import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import type { WorkerProcess } from '../../sandbox/kit/index.js';
import { client, endRotations, eventually, failureOf, reroot, startWorker } from './support.js';

const ID = 'watch-trust-root-default';

let worker: WorkerProcess;
beforeAll(() => void (worker = startWorker()));
afterAll(async () => await worker.stop());
afterEach(async () => {
  const { schedule } = await client();
  await schedule
    .getHandle(ID)
    .delete()
    .catch(() => undefined);
  await endRotations();
});

it('refuses to watch where no Certificate of cert-manager writes the root, and says so', async () => {
  const { code, stderr } = await reroot(['watch']);
  expect(code).toBe(2);
  expect(stderr).toContain('no Certificate of cert-manager writes the root of this mesh');
});

it('refuses an input with everything that is wrong, before anything is started', async () => {
  const { code, stderr } = await reroot(['watch', '--every', 'soon', '--pace', 'organic', '--strategy', 'standard']);
  expect(code).toBe(2);
  expect(stderr).toContain('every: "soon"');
  expect(stderr).toContain('rotation.rollout.pace: organic');
});

it('refuses the embedded server, which ends with its rotation', async () => {
  const { code, stderr } = await reroot(['watch'], { TEMPORAL_ADDRESS: '', TEMPORAL_CONFIG_FILE: '/nowhere' });
  expect(code).toBe(2);
  expect(stderr).toContain('needs a Temporal server that does');
});

it('looks by a Schedule of Temporal, which is shown, changed and removed', async () => {
  const made = await reroot(['watch', '--schedule', '6h', '--on-renewal', 'ask', '--strategy', 'patient']);
  expect(made).toMatchObject({ code: 0, stderr: expect.stringContaining('was created') as string });
  expect(made.stdout).toContain(`Schedule ${ID} looks at the root, next at `);
  const changed = await reroot(['watch', '--schedule', '0 6 * * *', '-o', 'json']);
  expect(changed.stderr).toContain('was updated');
  expect(JSON.parse(changed.stdout)).toMatchObject({
    schedule: { scheduleId: ID, next: expect.stringContaining('T06:00:00') as string },
  });
  // nothing is started beside it
  expect((await reroot(['watch'])).stdout).toContain(`Schedule ${ID}`);
  const { schedule, workflow } = await client();
  const { action, policies } = await schedule.getHandle(ID).describe();
  expect(action).toMatchObject({ workflowType: 'watchTrustRoot', args: [{ cluster: 'default', once: true }] });
  expect(policies.overlap).toBe('SKIP');
  await schedule.getHandle(ID).trigger();
  const look = await eventually('a look', async () => {
    const { info } = await schedule.getHandle(ID).describe();
    return info.recentActions.map(({ action: { workflow: started } }) => started.workflowId)[0];
  });
  expect((await failureOf(workflow.getHandle(look))).type).toBe('NothingToWatch');
  const { code, stdout } = await reroot(['watch', '--stop']);
  expect({ code, stdout }).toMatchObject({
    code: 0,
    stdout: expect.stringContaining(`ended: Schedule ${ID}`) as string,
  });
  expect((await reroot(['watch', '--stop'])).stderr).toContain('nothing watches cluster default');
});
