import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  ANCHOR_CERTIFICATE,
  areCertificatesReady,
  bundleAnchors,
  CERT_MANAGER_NAMESPACE,
  readCertificate,
  renew,
  type Sandbox,
  specChanges,
  specsOf,
  startSandbox,
} from '../../sandbox/kit/index.js';
import { createKubernetes, type Kubernetes } from '../../src/kubernetes/client.js';
import { BUILDING_MS } from './own-mesh.js';
import { eventually } from './support.js';

describe('an install whose certificates cert-manager makes', () => {
  let sandbox: Sandbox;
  let k8s: Kubernetes;
  beforeAll(async () => {
    sandbox = await startSandbox({ certManager: {}, apps: 'small', kubeletLagMs: 500 });
    k8s = createKubernetes({ kubeconfig: sandbox.adminKubeconfig });
  }, BUILDING_MS);
  afterAll(async () => await sandbox.stop());

  it('is one mesh under the root of the Certificate', async () => {
    expect(await areCertificatesReady(k8s)).toBe(true);
    const { proxies } = await sandbox.mesh.status();
    const [anchor] = await bundleAnchors(k8s);
    expect(proxies.length).toBeGreaterThan(3);
    expect(proxies.map(({ ready, anchors }) => ({ ready, anchors }))).toEqual(
      proxies.map(() => ({ ready: true, anchors: [anchor] })),
    );
    expect((await sandbox.mesh.probe()).refused).toBe(0);
  });

  it('has a renewed root in its bundle beside the one of before, by what cmctl does, and no spec is changed', async () => {
    const [before, specs] = [await bundleAnchors(k8s), await specsOf(k8s)];
    const revision = await renew(k8s, CERT_MANAGER_NAMESPACE, ANCHOR_CERTIFICATE);
    await eventually('the root to be issued anew', async () => {
      const { status } = await readCertificate(k8s, CERT_MANAGER_NAMESPACE, ANCHOR_CERTIFICATE);
      return (status?.revision ?? 0) > revision && (await areCertificatesReady(k8s));
    });
    await eventually('both roots in the bundle', async () => (await bundleAnchors(k8s)).length === 2);
    expect(await bundleAnchors(k8s)).toEqual(expect.arrayContaining(before));
    expect(Object.keys(specs)).toHaveLength(5);
    expect(specChanges(specs, await specsOf(k8s))).toBe(0);
  });
});
