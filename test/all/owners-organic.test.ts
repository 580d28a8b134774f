import { afterAll, afterEach, expect, it } from 'vitest';
import { statusWhere } from '../integration/support.js';
import { endOf, expectRotated, lookAt, renewNow, sharedMesh } from './owners.js';

const shared = sharedMesh();
afterEach(shared.after);
afterAll(shared.stop);

it('organic: the wait for deployments outlasts a renewal of the issuer, and what is left is rolled when asked', async () => {
  const mesh = await shared.mesh();
  const look = await lookAt(mesh);
  const handle = await mesh.start({ approvals: 'none', rollout: { pace: 'organic', deadline: '1h' } });
  await statusWhere(handle, 'the wait', ({ phase, waiting }) => phase === 'retire' && waiting?.kind === 'renewal');
  expect(await look.rollouts()).toBe(0);
  await renewNow(mesh, 'issuer');
  const body = [{ op: 'add', path: '/spec/template/metadata/labels/release', value: 'next' }];
  await mesh.k8s.apps.patchNamespacedDeployment({ namespace: 'shop', name: 'web', body });
  await handle.executeUpdate('strategy', { args: [{ pace: 'forced' }] });
  const { report, stopped } = await endOf(handle);
  expect(stopped).toBeUndefined();
  await expectRotated(mesh, look, report);
  expect(await look.rollouts()).toBe(1);
});
