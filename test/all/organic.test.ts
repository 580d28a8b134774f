import { afterAll, beforeAll, expect, it } from 'vitest';
import { expectNoRefusal, type OwnMesh, ownMesh } from '../integration/own-mesh.js';
import { reportOf, statusWhere } from '../integration/support.js';

let mesh: OwnMesh;
beforeAll(async () => void (mesh = await ownMesh()));
afterAll(async () => await mesh.stop());

it('organic: nothing is rolled by force when everything was deployed anew meanwhile; the late are named', async () => {
  const rollouts = await mesh.rolloutsSince();
  await mesh.sandbox.mesh.setProbe({ reset: true });
  const handle = await mesh.start({ approvals: 'none', rollout: { pace: 'organic', deadline: '1h' } });
  await statusWhere(
    handle,
    'the organic wait',
    ({ phase, waiting }) => phase === 'retire' && waiting?.kind === 'renewal',
  );
  expect(await rollouts()).toBe(0);
  await deploy('Deployment', 'shop', 'web');
  await deploy('Deployment', 'payments', 'api');
  await deploy('StatefulSet', 'shop', 'sessions');
  await statusWhere(handle, 'the end of the wait', ({ phase }) => phase === 'issue' || phase === 'refresh');
  expect(await rollouts()).toBe(1); // their owners' own

  await mesh.sandbox.mesh.setFaults({ refuseLeafFor: ['payments/api'] });
  const { stragglers } = await statusWhere(handle, 'the late', ({ waiting }) => waiting?.kind === 'attention');
  expect(stragglers.length).toBeGreaterThan(0);
  for (const { reason, subject } of stragglers) {
    expect(reason).toBe('RenewalMissed');
    expect(subject.name).toMatch(/^payments\/Pod\/api-/);
  }
  await mesh.sandbox.mesh.setFaults({});
  await handle.executeUpdate('retry', { args: [] });
  const report = await reportOf(handle);
  expect(report.outcome).toBe('completed');
  const { proxies } = await mesh.sandbox.mesh.status();
  expect(proxies.every(({ chain }) => chain[1] === report.newIssuer?.fingerprint)).toBe(true);
  await expectNoRefusal(mesh);
});

/** A new pod template, as a deployment of its owner makes it. */
async function deploy(kind: 'Deployment' | 'StatefulSet', namespace: string, name: string): Promise<void> {
  const body = [{ op: 'add', path: '/spec/template/metadata/labels/release', value: `${Date.now()}` }];
  if (kind === 'Deployment') await mesh.k8s.apps.patchNamespacedDeployment({ namespace, name, body });
  else await mesh.k8s.apps.patchNamespacedStatefulSet({ namespace, name, body });
}
