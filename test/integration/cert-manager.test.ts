import type { V1ClusterRole } from '@kubernetes/client-node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createDefinition, createObject, type Definition, deleteDefinition } from './custom-resources.js';
import { createObjects, permissionObjects } from '../../sandbox/kit/index.js';
import { eventually, k8s, reroot, sandbox } from './support.js';

/** The objects of Linkerd's own guide: docs/development/linkerd.md, "cert-manager and trust-manager". */
const CERTIFICATES: Definition = {
  group: 'cert-manager.io',
  version: 'v1',
  plural: 'certificates',
  kind: 'Certificate',
  scope: 'Namespaced',
};
const BUNDLES: Definition = {
  group: 'trust.cert-manager.io',
  version: 'v1alpha1',
  plural: 'bundles',
  kind: 'Bundle',
  scope: 'Cluster',
};
const ANCHOR_RENEWAL = '2030-03-01T00:00:00Z';
const ISSUER_RENEWAL = '2030-01-01T23:00:00Z';

describe('beside cert-manager and trust-manager', () => {
  let role: V1ClusterRole;
  beforeAll(async () => {
    role = await k8s.rbac.readClusterRole({ name: 'reroot-cert-manager' });
    await createDefinition(CERTIFICATES);
    await createDefinition(BUNDLES);
    await k8s.core.createNamespace({ body: { metadata: { name: 'cert-manager' } } });
    await createSample();
    await grantRenewals();
  });
  afterAll(async () => {
    await restoreRole();
    await withdrawRenewals();
    await deleteDefinition(CERTIFICATES);
    await deleteDefinition(BUNDLES);
    await k8s.core.deleteNamespace({ name: 'cert-manager' });
    await eventually('preflight to find the mesh as before', async () => (await findings()).length === 0);
  });

  it('preflight says what keeps them from being driven, and how that is mended', async () => {
    const found = await findings();
    expect(found.map(({ severity, reason, subject }) => `${severity} ${reason} ${subject.name}`)).toEqual([
      'block CertificateNotReady Certificate cert-manager/linkerd-trust-anchor',
      'block CertificateNotReady Certificate linkerd/linkerd-identity-issuer',
      'block RootKeyUnchanged Certificate cert-manager/linkerd-trust-anchor',
      'warn IssuerKeyUnchanged Certificate linkerd/linkerd-identity-issuer',
      'block BundleSourceMissing Bundle linkerd-identity-trust-roots',
    ]);
    const [, , , , missing] = found;
    expect(missing?.message).toContain('cert-manager/linkerd-trust-anchor, cert-manager/linkerd-previous-anchor');
    expect(missing?.hint).toContain('repair Certificate cert-manager/linkerd-trust-anchor');
  });

  it('preflight asks for the rights to drive them', async () => {
    const name = 'reroot-cert-manager';
    const namespace = 'linkerd';
    const binding = await k8s.rbac.readNamespacedRoleBinding({ name, namespace });
    await k8s.rbac.deleteNamespacedRoleBinding({ name, namespace });
    try {
      const missing = await eventually('the rights to be missing', async () => {
        const found = await findings('PermissionMissing');
        return found.length > 0 && found;
      });
      expect(missing.map(({ hint }) => hint).join()).toContain('deploy/rbac/cert-manager-renew.yaml');
    } finally {
      const { roleRef, subjects = [] } = binding;
      await k8s.rbac.createNamespacedRoleBinding({ namespace, body: { metadata: { name }, roleRef, subjects } });
    }
    await eventually('the rights to be there', async () => (await findings('PermissionMissing')).length === 0);
  });

  it('without the permission to read them, preflight goes on and says nothing of them', async () => {
    await k8s.rbac.replaceClusterRole({ name: 'reroot-cert-manager', body: { ...roleBody(), rules: [] } });
    await eventually('nothing to be said of them', async () => (await findings()).length === 0);
    await restoreRole();
  });

  const roleBody = (): V1ClusterRole => ({ metadata: { name: 'reroot-cert-manager' } });
  const restoreRole = async () =>
    await k8s.rbac.replaceClusterRole({
      name: 'reroot-cert-manager',
      body: { ...roleBody(), rules: role.rules ?? [] },
    });
});

/** Those that are about cert-manager, or of one reason. */
async function findings(wanted?: string) {
  const { stdout, stderr } = await reroot(['preflight', '-o', 'json']);
  const { findings: all } = JSON.parse(stdout || stderr) as {
    findings: { reason: string; severity: string; message: string; hint: string; subject: { name: string } }[];
  };
  return all.filter(({ reason, subject }) =>
    wanted === undefined ? /^(Certificate|Bundle|ClusterBundle) /.test(subject.name) : reason === wanted,
  );
}

/** What somebody applies who has them driven. */
async function grantRenewals(): Promise<void> {
  const objects = permissionObjects({}).filter(({ metadata }) => metadata.name === 'reroot-cert-manager');
  await createObjects(
    sandbox.adminKubeconfig,
    objects.filter(({ kind }) => kind === 'Role' || kind === 'RoleBinding'),
  );
}

async function withdrawRenewals(): Promise<void> {
  const name = 'reroot-cert-manager';
  await k8s.rbac.deleteNamespacedRoleBinding({ name, namespace: 'linkerd' });
  await k8s.rbac.deleteNamespacedRole({ name, namespace: 'linkerd' });
}

async function createSample(): Promise<void> {
  const certificate = async (namespace: string, name: string, spec: object, renewalTime: string) =>
    await createObject(CERTIFICATES, {
      metadata: { namespace, name },
      spec: { secretName: name, ...spec },
      status: { renewalTime },
    });
  await certificate(
    'cert-manager',
    'linkerd-trust-anchor',
    {
      isCA: true,
      commonName: 'root.linkerd.cluster.local',
      privateKey: { rotationPolicy: 'Never' },
      duration: '8760h0m0s',
      renewBefore: '7320h0m0s',
      issuerRef: { kind: 'Issuer', name: 'linkerd-trust-root-issuer' },
    },
    ANCHOR_RENEWAL,
  );
  await certificate(
    'linkerd',
    'linkerd-identity-issuer',
    {
      isCA: true,
      commonName: 'identity.linkerd.cluster.local',
      duration: '48h0m0s',
      renewBefore: '25h0m0s',
      issuerRef: { kind: 'ClusterIssuer', name: 'linkerd-identity-issuer' },
    },
    ISSUER_RENEWAL,
  );
  await certificate('shop', 'unrelated', { duration: '24h' }, ISSUER_RENEWAL);
  await createObject(BUNDLES, {
    metadata: { name: 'linkerd-identity-trust-roots' },
    spec: {
      sources: ['linkerd-trust-anchor', 'linkerd-previous-anchor'].map((name) => ({
        secret: { name, key: 'tls.crt' },
      })),
      target: {
        configMap: { key: 'ca-bundle.crt' },
        namespaceSelector: { matchLabels: { 'linkerd.io/is-control-plane': 'true' } },
      },
    },
  });
}
