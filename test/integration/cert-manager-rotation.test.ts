import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import {
  ANCHOR_CERTIFICATE,
  areCertificatesReady,
  bundleAnchors,
  CERT_MANAGER_NAMESPACE,
  ISSUER_CERTIFICATE,
  readCertificate,
  renew,
  specChanges,
  specsOf,
} from '../../sandbox/kit/index.js';
import { decode } from '../../src/kubernetes/base64.js';
import { readBundle } from '../../src/pki/bundle.js';
import { BUILDING_MS, expectNoRefusal, ownMesh, type OwnMesh, seenThrough } from './own-mesh.js';
import { eventually, reportOf, statusWhere } from './support.js';

/** An install whose certificates cert-manager makes, and whose bundle trust-manager makes of them: driven by their own means. */

describe('a rotation where cert-manager makes the certificates', () => {
  let own: OwnMesh;
  beforeAll(async () => void (own = await ownMesh({ certManager: {} })), BUILDING_MS);
  afterEach(async () => await own.endRotations());
  afterAll(async () => await own.stop());

  it('is one rollout without a refused handshake, leaves every spec alone, and the next renewal goes as ever', async () => {
    const specs = await specsOf(own.k8s);
    const [before] = await bundleAnchors(own.k8s);
    const rollouts = await own.rolloutsSince();
    await own.sandbox.mesh.setProbe({ reset: true });
    const report = await seenThrough(await own.start({ strategy: 'bridge' }));
    expect(report).toMatchObject({ outcome: 'completed', waivers: [] });
    await expectNoRefusal(own);
    expect(await rollouts()).toBe(1);
    expect(specChanges(specs, await specsOf(own.k8s))).toBe(0);
    expect(report.oldRoots.map(({ fingerprint }) => fingerprint)).toEqual([before]);
    await expectSettled(own, report.newRoot.fingerprint);
    expect((await issuerChain(own))[0]).toBe(report.newIssuer?.fingerprint);

    await own.sandbox.mesh.setProbe({ reset: true });
    const revision = await renew(own.k8s, 'linkerd', ISSUER_CERTIFICATE);
    await eventually('the issuer to be renewed', async () => {
      const { status } = await readCertificate(own.k8s, 'linkerd', ISSUER_CERTIFICATE);
      return (status?.revision ?? 0) > revision && (await areCertificatesReady(own.k8s));
    });
    expect(await issuerChain(own)).not.toContain(report.newIssuer?.fingerprint);
    await expectSettled(own, report.newRoot.fingerprint);
    await expectNoRefusal(own);
  });

  it('goes back when it is aborted, and leaves cert-manager as it was', async () => {
    const specs = await specsOf(own.k8s);
    const [before] = await chainIn(own.k8s, CERT_MANAGER_NAMESPACE, 'linkerd-trust-anchor');
    const issuer = await issuerChain(own);
    await own.sandbox.mesh.setProbe({ reset: true });
    const handle = await own.start({ strategy: 'bridge' });
    await statusWhere(handle, 'the approval', ({ waiting }) => waiting?.kind === 'approval');
    await handle.executeUpdate('abort', { args: [{ reason: 'a test', by: 'tester' }] });
    const report = await reportOf(handle);
    expect(report.outcome).toBe('aborted');
    await expectNoRefusal(own);
    await expectSettled(own, before ?? '');
    expect(await issuerChain(own)).toEqual(issuer);
    expect(specChanges(specs, await specsOf(own.k8s))).toBe(0);
  });
});

/** One root, in the bundle, in both of its Secrets, and nothing under way. */
async function expectSettled({ k8s }: OwnMesh, root: string): Promise<void> {
  // beside it, its own key certified by the root before, which is in the pods that were rolled under both
  const anchors = await chainIn(k8s, CERT_MANAGER_NAMESPACE, 'linkerd-previous-anchor');
  expect(anchors[0]).toBe(root);
  expect((await bundleAnchors(k8s)).toSorted()).toEqual(anchors.toSorted());
  expect(await chainIn(k8s, CERT_MANAGER_NAMESPACE, 'linkerd-trust-anchor')).toEqual([root]);
  await eventually('both Certificates to be ready', async () => await areCertificatesReady(k8s));
  const { status } = await readCertificate(k8s, CERT_MANAGER_NAMESPACE, ANCHOR_CERTIFICATE);
  expect(status?.conditions?.some(({ type, status: is }) => type === 'Issuing' && is === 'True')).toBe(false);
}

async function issuerChain({ k8s }: OwnMesh): Promise<string[]> {
  return await chainIn(k8s, 'linkerd', 'linkerd-identity-issuer');
}

async function chainIn(k8s: OwnMesh['k8s'], namespace: string, name: string): Promise<string[]> {
  const { data } = await k8s.core.readNamespacedSecret({ namespace, name });
  return readBundle(decode(data?.['tls.crt'] ?? '')).certificates.map(({ fingerprint }) => fingerprint);
}
