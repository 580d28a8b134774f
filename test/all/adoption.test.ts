import type { WorkflowHandle } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FIELD_MANAGER } from '../../src/kubernetes/own-names.js';
import { encode } from '../../src/kubernetes/base64.js';
import { readBundle } from '../../src/pki/bundle.js';
import { approve, expectNoRefusal, type OwnMesh, ownMesh } from '../integration/own-mesh.js';
import { eventually, reportOf, statusOf, statusWhere } from '../integration/support.js';

/** Rotations that end in the middle, in every way there is, and the ones that come after them. */
describe('what a rotation leaves', () => {
  let mesh: OwnMesh;
  beforeAll(async () => void (mesh = await ownMesh()));
  afterAll(async () => await mesh.stop());
  const fresh = async () => {
    await mesh.sandbox.mesh.setProbe({ reset: true });
    return await mesh.certificates();
  };
  const issuer = async () => {
    const { 'crt.pem': pem = '' } = await mesh.secret('linkerd-identity-issuer');
    return readBundle(pem).certificates.map(({ fingerprint }) => fingerprint);
  };
  const inPhase = async (handle: WorkflowHandle, wanted: string) =>
    await statusWhere(handle, wanted, (status) => {
      if (status.waiting?.kind === 'approval') void approve(handle, status.waiting.planHash).catch(() => {});
      return status.phase === wanted && (status.waiting?.kind === 'renewal' || status.gate?.phase === wanted);
    });

  it('cancelled before the point of no return: the issuer of the start is back, and the next rotation goes on', async () => {
    const before = await fresh();
    const handle = await mesh.start({ approvals: 'none' });
    await inPhase(handle, 'renew');
    expect(await issuer()).toHaveLength(2);
    await handle.cancel();
    await expect(handle.result()).rejects.toThrow(/cancel/i);
    expect((await mesh.certificates()).issuer).toEqual(before.issuer);
    const { outcome, notes } = await statusOf(handle);
    expect(outcome).toBe('cancelled');
    expect(notes.join()).toContain('The issuer of the start is back in its Secret');
    const next = await mesh.start({ approvals: 'none' });
    const report = await reportOf(next);
    expect(report).toMatchObject({ outcome: 'completed', adopted: true });
    expect(await mesh.certificates()).toMatchObject({ bundle: [report.newRoot.fingerprint] });
    await expectNoRefusal(mesh);
  });

  it('terminated past the point of no return: the next one never puts the old key to use again', async () => {
    await fresh();
    const handle = await mesh.start({ approvals: 'none' });
    await inPhase(handle, 'refresh');
    await handle.terminate('a test');
    const inUse = await issuer();
    const seen = new Set<string>();
    const next = await mesh.start({ approvals: 'none' });
    const watching = eventually('its end', async () => {
      seen.add((await issuer()).join());
      return (await next.describe()).status.name !== 'RUNNING';
    });
    const report = await reportOf(next);
    await watching;
    expect(report).toMatchObject({ outcome: 'completed', adopted: true });
    expect([...seen]).toEqual([inUse.join()]);
    await expectNoRefusal(mesh);
  });

  it('terminated while another writer has put the old bundle back: no way back where proxies have forgotten it', async () => {
    await fresh();
    const handle = await mesh.start({ approvals: 'none' });
    await statusWhere(
      handle,
      'a namespace of retire',
      ({ phase, namespaces }) => phase === 'retire' && namespaces.some(({ state }) => state === 'done'),
    );
    await handle.terminate('a test');
    const { 'previous.ca.crt': value = '' } = await mesh.secret('reroot-rotation');
    await mesh.k8s.core.patchNamespacedConfigMap({
      name: 'linkerd-identity-trust-roots',
      namespace: 'linkerd',
      fieldManager: `not-${FIELD_MANAGER}`,
      body: [{ op: 'replace', path: '/data/ca-bundle.crt', value }],
    });
    const next = await mesh.start({ approvals: 'none' });
    await statusWhere(next, 'the pause', ({ waiting }) => waiting?.kind === 'paused');
    await expect(next.executeUpdate('abort', { args: [{}] })).rejects.toThrow('Update failed');
    await next.executeUpdate('resume', { args: [] });
    await retriedToItsEnd(next);
    const report = await reportOf(next);
    expect(report.outcome).toBe('completed');
    expect(await mesh.certificates()).toMatchObject({ bundle: [report.newRoot.fingerprint] });
    await expectNoRefusal(mesh);
  });

  it('terminated and damaged: an abort of the next one takes back what it finds, and deletes nothing unseen', async () => {
    const before = await fresh();
    const handle = await mesh.start({ approvals: 'none' });
    await inPhase(handle, 'renew');
    await handle.terminate('a test');
    const { 'previous.tls.key': otherKey = '' } = await mesh.secret('reroot-rotation');
    await mesh.k8s.core.patchNamespacedSecret({
      name: 'reroot-rotation',
      namespace: 'linkerd',
      body: [{ op: 'replace', path: '/data/tls.key', value: encode(otherKey) }],
    });
    const next = await mesh.start({ approvals: 'none' });
    await statusWhere(next, 'the question', ({ waiting }) => waiting?.kind === 'attention');
    await next.executeUpdate('abort', { args: [{ by: 'tester' }] });
    expect(await reportOf(next)).toMatchObject({ outcome: 'aborted' });
    expect(await mesh.certificates()).toEqual(before);
    expect(await mesh.secret('reroot-rotation')).toEqual({});
    await expectNoRefusal(mesh);
  });
});

/** What rolled while the other writer's bundle was there came back with that: a person is asked, and says `retry`. */
async function retriedToItsEnd(handle: WorkflowHandle): Promise<void> {
  await eventually(
    'its end',
    async () => {
      if ((await handle.describe()).status.name !== 'RUNNING') return true;
      const { waiting } = await statusOf(handle);
      const isOutdated = waiting?.on.every((line) => line.startsWith('OutdatedAfterRollout')) ?? false;
      if (waiting?.kind === 'attention' && isOutdated)
        await handle.executeUpdate('retry', { args: [] }).catch(() => undefined);
      return false;
    },
    200_000,
  );
}
