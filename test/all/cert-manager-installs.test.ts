import { afterEach, describe, expect, it } from 'vitest';
import {
  ANCHOR_CERTIFICATE,
  bundleAnchors,
  CERT_MANAGER_NAMESPACE,
  type CertManagerOptions,
  ISSUER_CERTIFICATE,
  readCertificate,
  renew,
  type Sandbox,
  specsOf,
  startSandbox,
  type StartOptions,
} from '../../sandbox/kit/index.js';
import { decode } from '../../src/kubernetes/base64.js';
import { createKubernetes, type Kubernetes } from '../../src/kubernetes/client.js';
import type { Certificate } from '../../src/pki/certificate.js';
import { readBundle } from '../../src/pki/bundle.js';
import { BUILDING_MS } from '../integration/own-mesh.js';
import { eventually } from '../integration/support.js';

/** The other installs of cert-manager that meshes have come up, and their Certificates are renewed. */

let sandbox: Sandbox | undefined;
afterEach(async () => await sandbox?.stop());

describe('an install whose certificates cert-manager makes', () => {
  it(
    'may have Issuers of one namespace, and a job in the place of trust-manager',
    async () => {
      const k8s = await meshOf({ issuers: 'Issuer', bundle: 'synced' });
      const [before = ''] = await bundleAnchors(k8s);
      await renewed(k8s, CERT_MANAGER_NAMESPACE, ANCHOR_CERTIFICATE);
      await eventually('the job to copy both roots', async () => (await bundleAnchors(k8s)).length === 2);
      expect(await bundleAnchors(k8s)).toContain(before);
      const { metadata } = await k8s.core.readNamespacedConfigMap({
        name: 'linkerd-identity-trust-roots',
        namespace: 'linkerd',
      });
      expect(metadata?.managedFields?.map(({ manager }) => manager)).toEqual(['linkerd-roots-sync']);
    },
    BUILDING_MS,
  );

  it(
    'may have a ClusterBundle',
    async () => {
      const k8s = await meshOf({ bundle: 'ClusterBundle', sources: 'labels' }, { apps: 'none' });
      await renewed(k8s, CERT_MANAGER_NAMESPACE, ANCHOR_CERTIFICATE);
      await eventually('both roots in the bundle', async () => (await bundleAnchors(k8s)).length === 2);
      expect(Object.keys(await specsOf(k8s))).toContain('ClusterBundle linkerd-identity-trust-roots');
    },
    BUILDING_MS,
  );

  it(
    'may have an anchor under a CA of the company, sources by labels, and a key that stays',
    async () => {
      const k8s = await meshOf({ root: 'ca', sources: 'labels', rotationPolicy: 'Never' });
      const before = await certificateIn(k8s, CERT_MANAGER_NAMESPACE, 'linkerd-trust-anchor');
      expect(before.issuerDer).not.toEqual(before.subjectDer);
      expect(await bundleAnchors(k8s)).toEqual([before.fingerprint]);
      await renewed(k8s, CERT_MANAGER_NAMESPACE, ANCHOR_CERTIFICATE);
      const after = await certificateIn(k8s, CERT_MANAGER_NAMESPACE, 'linkerd-trust-anchor');
      expect(after.fingerprint).not.toBe(before.fingerprint);
      expect(after.publicKeyDer).toEqual(before.publicKeyDer);
      await eventually('both in the bundle', async () => (await bundleAnchors(k8s)).length === 2);
    },
    BUILDING_MS,
  );

  it(
    'may have its root elsewhere, Secrets by other names, and Helm',
    async () => {
      const names = { anchorSecret: 'company-root', previousSecret: 'company-root-before' };
      const k8s = await meshOf({ root: 'outside', ...names }, { install: 'helm' });
      const root = await certificateIn(k8s, CERT_MANAGER_NAMESPACE, 'company-root');
      expect(await bundleAnchors(k8s)).toEqual([root.fingerprint]);
      const before = await certificateIn(k8s, 'linkerd', ISSUER_CERTIFICATE);
      await renewed(k8s, 'linkerd', ISSUER_CERTIFICATE);
      const after = await certificateIn(k8s, 'linkerd', ISSUER_CERTIFICATE);
      expect(after.fingerprint).not.toBe(before.fingerprint);
      expect(after.issuerDer).toEqual(root.subjectDer);
      await eventually('identity to take it', async () =>
        ((await sandbox?.mesh.status())?.identity ?? []).every(({ issuer }) => issuer[0] === after.fingerprint),
      );
    },
    BUILDING_MS,
  );
});

async function meshOf(certManager: CertManagerOptions, options: StartOptions = {}): Promise<Kubernetes> {
  sandbox = await startSandbox({ certManager, apps: 'small', kubeletLagMs: 500, ...options });
  const { proxies } = await sandbox.mesh.status();
  expect(proxies.filter(({ ready }) => !ready)).toEqual([]);
  return createKubernetes({ kubeconfig: sandbox.adminKubeconfig });
}

async function renewed(k8s: Kubernetes, namespace: string, name: string): Promise<void> {
  const revision = await renew(k8s, namespace, name);
  await eventually(`Certificate ${name} to be issued anew`, async () => {
    const { status } = await readCertificate(k8s, namespace, name);
    return (status?.revision ?? 0) > revision;
  });
}

async function certificateIn(k8s: Kubernetes, namespace: string, name: string): Promise<Certificate> {
  const { data = {} } = await k8s.core.readNamespacedSecret({ name, namespace });
  const [first] = readBundle(decode(data['tls.crt'] ?? '')).certificates;
  if (!first) throw new Error(`Secret ${namespace}/${name} has no certificate`);
  return first;
}
