import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readBundle } from '../../src/pki/bundle.js';
import type { PlanResult } from '../../src/rotation/payloads.js';
import { approve, expectNoRefusal, type OwnMesh, ownMesh } from './own-mesh.js';
import { eventually, reportOf, statusOf, statusWhere } from './support.js';

/** What the gentle strategies do beside the straight way, which versions.test.ts goes. */
describe('strategies', () => {
  let mesh: OwnMesh;
  beforeAll(async () => void (mesh = await ownMesh({ issuanceLifetime: '20s' })));
  afterAll(async () => await mesh.stop());

  const issuerCertificates = async () => {
    const { 'crt.pem': pem = '' } = await mesh.secret('linkerd-identity-issuer');
    return readBundle(pem).certificates;
  };

  /** Its workload is the last to renew by itself: 28 s later, with identity's clock skew. */
  const leafRenewed = async () => {
    const leaves = async () => (await mesh.sandbox.mesh.status()).proxies.map(({ chain }) => chain[0]).join();
    const before = await leaves();
    await eventually('a leaf to be renewed', async () => (await leaves()) !== before);
  };

  it('a wait can be turned into a rollout; the bridge certificate is made anew while a rotation takes its time', async () => {
    const rollouts = await mesh.rolloutsSince();
    await mesh.sandbox.mesh.setProbe({ reset: true });
    await leafRenewed();
    const handle = await mesh.start({ strategy: 'bridge', bridge: { validity: '80s' } });
    await statusWhere(handle, 'the wait', ({ phase, waiting }) => phase === 'renew' && waiting?.kind === 'renewal');
    const [, first] = await issuerCertificates();
    await handle.executeUpdate('strategy', { args: [{ leafRenewal: 'roll' }] });
    const { waiting } = await statusWhere(handle, 'the approval', (status) => status.waiting?.kind === 'approval');
    expect(await rollouts()).toBe(1);
    const second = await eventually('another bridge certificate', async () => {
      const [, certificate] = await issuerCertificates();
      return certificate?.fingerprint === first?.fingerprint ? undefined : certificate;
    });
    expect(second.publicKeyDer).toEqual(first?.publicKeyDer);
    expect(second.subjectDer).toEqual(first?.subjectDer);
    expect(second.notAfter.getTime()).toBeGreaterThan(first?.notAfter.getTime() ?? 0);

    // what was approved is not what there is: it says so, and asks again
    await mesh.k8s.apps.createNamespacedDeployment({ namespace: 'shop', body: lateComer() });
    await approve(handle, waiting?.planHash);
    const again = await statusWhere(handle, 'the second question', (status) => (status.waiting?.on.length ?? 0) > 0);
    expect(again.waiting?.on).toEqual(['workload added: shop/Deployment/late-comer']);
    await approve(handle, again.waiting?.planHash);
    expect((await reportOf(handle)).outcome).toBe('completed');
    expect(await rollouts()).toBe(2);
    await expectNoRefusal(mesh);
    await mesh.k8s.apps.deleteNamespacedDeployment({ namespace: 'shop', name: 'late-comer' });
  });

  it('rotateIssuer: a new issuer under the root in use, with its key from the Secret; nothing is restarted', async () => {
    const before = await mesh.certificates();
    const uids = new Set((await mesh.sandbox.mesh.status()).proxies.map(({ uid }) => uid));
    await mesh.sandbox.mesh.setProbe({ reset: true });
    const report = await reportOf(await mesh.startIssuer({ issuer: { validity: '90d' } }));
    expect(report).toMatchObject({ outcome: 'completed', strategy: 'issuer', oldRoots: [] });
    expect([report.newRoot.fingerprint]).toEqual(before.bundle);
    const { proxies } = await mesh.sandbox.mesh.status();
    expect(proxies.filter(({ uid }) => !uids.has(uid)).map(({ pod }) => pod)).toEqual([]);
    expect(proxies.every(({ chain }) => chain[1] === report.newIssuer?.fingerprint)).toBe(true);
    expect((await mesh.certificates()).bundle).toEqual(before.bundle);
    const { 'tls.crt': _, ...kept } = await mesh.secret('reroot-trust-root');
    expect(Object.keys(kept).toSorted()).toEqual(['ca.crt', 'ca.key']);
    await expectNoRefusal(mesh);
  });

  it('planOnly: the plan; nothing is written, and an approval later is of that with the root that was made', async () => {
    const before = await mesh.certificates();
    const { plan, findings } = (await (await mesh.start({ planOnly: true })).result()) as PlanResult;
    expect(plan).toMatchObject({ strategy: 'bridge', rollouts: 1, proxies: 11 });
    expect(plan.phases.map(({ phase }) => phase).join(' ')).toBe(
      'preflight generate trust bridge renew approve retire issue refresh finish',
    );
    expect(findings.filter(({ severity }) => severity === 'block')).toEqual([]);
    expect(await mesh.certificates()).toEqual(before);
    expect(await mesh.secret('reroot-rotation')).toEqual({});
    const handle = await mesh.start({ strategy: 'bridge', leafRenewal: 'roll' });
    const asked = await statusWhere(handle, 'the approval', (status) => status.waiting?.kind === 'approval');
    const { workloadNames, retire } = plan;
    expect(asked.plan).toMatchObject({ workloadNames, retire, target: asked.roots?.root.fingerprint });
    expect(asked.waiting?.planHash).not.toBe(plan.hash);
    await handle.executeUpdate('abort', { args: [] });
    expect((await reportOf(handle)).outcome).toBe('aborted');
    expect((await statusOf(handle)).outcome).toBe('aborted');
    expect(await mesh.certificates()).toEqual(before);
  });
});

function lateComer() {
  const labels = { app: 'late-comer' };
  return {
    metadata: { name: 'late-comer' },
    spec: {
      replicas: 1,
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: { containers: [{ name: 'app', image: 'example.invalid/app' }] } },
    },
  };
}
