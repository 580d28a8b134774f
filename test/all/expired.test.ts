import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { type OwnMesh, ownMesh } from '../integration/own-mesh.js';
import { eventually, failureOf, reportOf, statusWhere } from '../integration/support.js';

const LIFE_MS = 30_000;
const LEAVES = { issuanceLifetime: '1h0m0s' };

async function expiredMesh(options: Parameters<typeof ownMesh>[0]): Promise<OwnMesh> {
  const began = Date.now();
  const mesh = await ownMesh({ ...LEAVES, ...options });
  await sleep(Math.max(0, began + LIFE_MS + 5000 - Date.now()));
  return mesh;
}

it('an expired root: a bridge gives identity an issuer again, and nobody who could talk is ever refused', async () => {
  const mesh = await expiredMesh({ rootLifeMs: LIFE_MS });
  try {
    await mesh.sandbox.mesh.setProbe({ reset: true });
    const unfit = await failureOf(await mesh.start({ strategy: 'standard', approvals: 'none' }));
    expect(unfit.message).toContain('strategy standard cannot repair an expired root');
    const handle = await mesh.start({ strategy: 'bridge', leafRenewal: 'roll', approvals: 'none' });
    await Promise.race([statusWhere(handle, 'the recovery', ({ recovery }) => recovery === 'root'), reportOf(handle)]);
    await expect(handle.executeUpdate('abort', { args: [] })).rejects.toThrow('Update failed');
    const report = await reportOf(handle);
    expect(report.notes.join()).toContain('RootExpired');
    expect((await mesh.certificates()).trusted).toEqual([report.newRoot.fingerprint]);
    const { refused, handshakes, lastRefusals } = await mesh.sandbox.mesh.probe();
    expect(lastRefusals).toEqual([]);
    expect(refused).toBe(0);
    expect(handshakes).toBeGreaterThan(300);
  } finally {
    await mesh.stop();
  }
});

it('an expired issuer: every leaf has ended with it; identity is repaired first, and the mesh talks again', async () => {
  const mesh = await expiredMesh({ issuerLifeMs: LIFE_MS });
  try {
    await eventually('refused handshakes', async () => (await mesh.sandbox.mesh.probe()).refused > 0);
    const unfit = await failureOf(await mesh.start({ approvals: 'none' }));
    expect(unfit.message).toContain('use standard');
    const report = await reportOf(await mesh.start({ strategy: 'standard', approvals: 'none' }));
    expect(report.notes.join()).toContain('IssuerExpired');
    expect((await mesh.certificates()).trusted).toEqual([report.newRoot.fingerprint]);
    await mesh.sandbox.mesh.setProbe({ reset: true });
    await eventually('handshakes', async () => (await mesh.sandbox.mesh.probe()).handshakes > 100);
    expect((await mesh.sandbox.mesh.probe()).refused).toBe(0);
  } finally {
    await mesh.stop();
  }
});
