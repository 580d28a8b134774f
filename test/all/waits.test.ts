import { setTimeout as sleep } from 'node:timers/promises';
import type { WorkflowHandle } from '@temporalio/client';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { RotationInput } from '../../src/rotation/input.js';
import { encode } from '../../src/kubernetes/base64.js';
import { expectNoRefusal, type OwnMesh, ownMesh } from '../integration/own-mesh.js';
import { eventually, statusOf, statusWhere } from '../integration/support.js';

/** Leaves of this mesh are renewed after 17 s at the latest. */
const TWO_LEAF_LIVES_MS = 60_000;
const POLL = { poll: '250ms', issuerEvent: '20s' };

describe('waits on proxies', () => {
  let mesh: OwnMesh;
  let started: WorkflowHandle | undefined;
  beforeAll(async () => void (mesh = await ownMesh()));
  afterEach(async () => {
    await mesh.sandbox.mesh.setFaults({});
    await started?.terminate('end of a test').catch(() => undefined);
  });
  afterAll(async () => await mesh.stop());

  const start = async (input: RotationInput) => (started = await mesh.start(input));
  /** Says where it stands when it does not end. */
  const completed = async (handle: WorkflowHandle) =>
    await eventually('its end', async () => {
      const { outcome, phase, waiting, stragglers, gate } = await statusOf(handle);
      if (outcome === 'running') throw new Error(JSON.stringify({ phase, waiting, stragglers, gate }));
      expect(outcome).toBe('completed');
      return true;
    });
  const renewing = async (handle: WorkflowHandle) =>
    await statusWhere(handle, 'the wait', ({ phase, waiting }) => phase === 'renew' && waiting?.kind === 'renewal');

  it('a wait for renewals sees that the issuer was put back, names who did it, and goes on after resume', async () => {
    const before = await mesh.secret('linkerd-identity-issuer');
    await mesh.sandbox.mesh.setProbe({ reset: true });
    const handle = await start({ strategy: 'bridge', approvals: 'none', timing: POLL });
    await renewing(handle);
    const began = Date.now();
    await mesh.k8s.core.patchNamespacedSecret({
      name: 'linkerd-identity-issuer',
      namespace: 'linkerd',
      fieldManager: 'helm',
      body: [{ op: 'replace', path: '/data/crt.pem', value: encode(before['crt.pem'] ?? '') }],
    });
    const { waiting } = await statusWhere(handle, 'the pause', (status) => status.waiting?.kind === 'paused');
    expect(Date.now() - began).toBeLessThan(TWO_LEAF_LIVES_MS);
    expect(waiting?.on.join()).toMatch(/linkerd-identity-issuer.*helm at 20/);
    await handle.executeUpdate('resume', { args: [] });
    await completed(handle);
    await expectNoRefusal(mesh);
  });

  it('one proxy that cannot be read is asked for until it can: the question stands, and costs no history', async () => {
    const handle = await start({
      ...{ strategy: 'bridge', approvals: 'none', timing: POLL },
      rollout: { stuckAfter: '5s' },
    });
    await renewing(handle);
    await mesh.sandbox.mesh.setFaults({ unreachable: ['payments/api'] });
    const asked = await statusWhere(handle, 'the question', ({ waiting }) => waiting?.kind === 'attention');
    expect(new Set(asked.stragglers.map(({ reason }) => reason))).toEqual(new Set(['ProxyUnreadable']));
    await sleep(8000); // the last of them is unreadable for long enough
    const { historyLength } = await handle.describe();
    for (let second = 0; second < 20; second += 1) {
      expect((await statusOf(handle)).waiting?.kind).toBe('attention');
      await sleep(1000);
    }
    expect((await handle.describe()).historyLength - historyLength).toBeLessThan(60);
    await handle.executeUpdate('retry', { args: [] });
    await statusWhere(handle, 'the question again', ({ waiting }) => waiting?.kind === 'attention');
    await mesh.sandbox.mesh.setFaults({});
    await completed(handle);
  });

  it('an organic rollout goes on waiting when one proxy cannot be read', async () => {
    const rollouts = await mesh.rolloutsSince();
    const handle = await start({
      ...{ strategy: 'bridge', approvals: 'none', timing: POLL },
      rollout: { pace: 'organic', deadline: '1h', stuckAfter: '5s' },
    });
    await statusWhere(handle, 'it', ({ phase, waiting }) => phase === 'retire' && waiting?.kind === 'renewal');
    await mesh.sandbox.mesh.setFaults({ unreachable: ['payments/api'] });
    await statusWhere(handle, 'the straggler', ({ stragglers }) =>
      stragglers.some(({ reason }) => reason === 'ProxyUnreadable'),
    );
    for (let second = 0; second < 15; second += 1) {
      expect((await statusOf(handle)).waiting?.kind).toBe('renewal');
      expect(await rollouts()).toBe(0);
      await sleep(1000);
    }
    await mesh.sandbox.mesh.setFaults({});
    await handle.executeUpdate('strategy', { args: [{ pace: 'forced' }] });
    await completed(handle);
    expect(await rollouts()).toBe(1);
  });
});
