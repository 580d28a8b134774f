import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { WorkflowHandle } from '@temporalio/client';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import { DefaultLogger, Runtime } from '@temporalio/worker';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { expectNoRefusal, type OwnMesh, ownMesh, seenThrough } from '../integration/own-mesh.js';
import { reportOf, statusWhere } from '../integration/support.js';
import { replays } from '../../worker/replay.js';

/** `RECORD_HISTORIES=test/histories npm run test:all -- record-histories` keeps what the unit tests replay. */
const FOLDER = process.env['RECORD_HISTORIES'];

const source = { workflowsPath: path.resolve(import.meta.dirname, '../../workflows/index.ts') };

let mesh: OwnMesh;
beforeAll(async () => {
  Runtime.install({ logger: new DefaultLogger('ERROR') });
  mesh = await ownMesh();
});
afterEach(async () => {
  await mesh.endRotations();
  await mesh.k8s.core.deleteNamespacedResourceQuota({ namespace: 'payments', name: 'full' }).catch(() => undefined);
});
afterAll(async () => await mesh.stop());

/** Each leaves a mesh that the next can rotate. */
const COURSES: Record<string, () => Promise<WorkflowHandle>> = {
  bridge: async () => await completed(await mesh.start({ strategy: 'bridge' })),
  'bridge-roll': async () =>
    await completed(await mesh.start({ strategy: 'bridge', leafRenewal: 'roll', approvals: 'everyPhase' })),
  patient: async () => await completed(await mesh.start({ strategy: 'patient' })),
  standard: async () => await completed(await mesh.start({ strategy: 'standard', approvals: 'none' })),
  issuer: async () => await completed(await mesh.startIssuer({ issuer: { validity: '90d' } })),
  organic: async () =>
    await completed(await mesh.start({ approvals: 'none', rollout: { pace: 'organic', deadline: '10s' } })),
  pause: async () => {
    const handle = await mesh.start({ strategy: 'standard' });
    await statusWhere(handle, 'trust', ({ phase }) => phase === 'trust');
    await handle.executeUpdate('pause', { args: [{ reason: 'lunch' }] });
    await statusWhere(handle, 'the pause', ({ waiting }) => waiting?.kind === 'paused');
    await handle.executeUpdate('resume', { args: [] });
    await statusWhere(handle, 'the end of the pause', ({ waiting }) => waiting?.kind !== 'paused');
    return await completed(handle);
  },
  attention: async () => {
    await stuckRollout();
    const handle = await mesh.start({ strategy: 'standard', approvals: 'none' });
    const asksForAttention = async (not?: string) =>
      await statusWhere(handle, 'attention', ({ waiting }) => waiting?.kind === 'attention' && waiting.since !== not);
    const once = await asksForAttention();
    await handle.executeUpdate('retry', { args: [] }); // nothing has been repaired
    const first = await asksForAttention(once.waiting?.since);
    const subject = 'payments/Deployment/api';
    await handle.executeUpdate('waive', { args: [{ subject, reason: 'it is stuck', by: 'tester' }] });
    await asksForAttention(first.waiting?.since); // a waived rollout is not waited for; who it trusts still counts
    await mesh.k8s.core.deleteNamespacedResourceQuota({ namespace: 'payments', name: 'full' });
    await handle.executeUpdate('unwaive', { args: [{ subject, by: 'tester' }] }); // now it can be waited for again
    // its controller calls it stuck until it has moved on: the rotation asks once more, and goes on by itself
    expect((await reportOf(handle)).outcome).toBe('completed');
    return handle;
  },
  abort: async () => {
    const handle = await mesh.start({ strategy: 'bridge' });
    await statusWhere(handle, 'the question', ({ waiting }) => waiting?.kind === 'approval');
    await handle.executeUpdate('abort', { args: [{ by: 'tester', reason: 'a test' }] });
    expect((await seenThrough(handle)).outcome).toBe('aborted');
    return handle;
  },
};

async function completed(handle: WorkflowHandle): Promise<WorkflowHandle> {
  expect((await seenThrough(handle)).outcome).toBe('completed');
  return handle;
}

/** No pod more fits, so the rollout stands still until somebody removes the quota. */
async function stuckRollout(): Promise<void> {
  await mesh.k8s.apps.patchNamespacedDeployment({
    name: 'api',
    namespace: 'payments',
    body: [{ op: 'add', path: '/spec/progressDeadlineSeconds', value: 3 }],
  });
  const body = { metadata: { name: 'full' }, spec: { hard: { pods: '3' } } };
  await mesh.k8s.core.createNamespacedResourceQuota({ namespace: 'payments', body });
}

function version(): string {
  const file = path.resolve(import.meta.dirname, '../../package.json');
  const text = (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version;
  return text.split('.').slice(0, 2).join('.');
}

it.each(Object.entries(COURSES))('ends, and its history replays: %s', { timeout: 400_000 }, async (name, course) => {
  await mesh.sandbox.mesh.setProbe({ reset: true });
  const handle = await course();
  const text = historyToJSON(await handle.fetchHistory());
  expect(await replays(source, JSON.parse(text), handle.workflowId)).toBe(true);
  await expectNoRefusal(mesh);
  if (FOLDER) writeFileSync(path.join(FOLDER, `${name}-${version()}.json`), text);
});
