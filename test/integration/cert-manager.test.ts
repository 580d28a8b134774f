import type { V1ClusterRole } from '@kubernetes/client-node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createDefinition, createObject, type Definition, deleteDefinition } from './custom-resources.js';
import { eventually, k8s, reroot } from './support.js';

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
  });
  afterAll(async () => {
    await restoreRole();
    await deleteDefinition(CERTIFICATES);
    await deleteDefinition(BUNDLES);
    await k8s.core.deleteNamespace({ name: 'cert-manager' });
    await eventually('preflight to find the mesh as before', async () => (await writersFound()).length === 0);
  });

  it('preflight says what they would write, and when', async () => {
    const found = await writersFound();
    expect(found).toMatchObject([
      { severity: 'block', subject: { name: 'ConfigMap linkerd/linkerd-identity-trust-roots' } },
      { severity: 'block', subject: { name: 'Secret linkerd/linkerd-identity-issuer' } },
    ]);
    const [roots, issuer] = found;
    expect(roots?.message).toContain('trust-manager writes it too');
    expect(roots?.message).toContain(
      `Certificate cert-manager/linkerd-trust-anchor renews at ${ANCHOR_RENEWAL}, and again 60d after each issue (it is valid for 365d)`,
    );
    expect(roots?.message).not.toContain('unrelated');
    expect(roots?.hint).toContain("the Bundle's sources");
    expect(issuer?.message).toContain('cert-manager writes it too');
    expect(issuer?.message).toContain(
      `Certificate linkerd/linkerd-identity-issuer renews at ${ISSUER_RENEWAL}, and again 23h after each issue (it is valid for 2d), ` +
        'signed by whatever CA ClusterIssuer linkerd-identity-issuer has then',
    );
    expect(issuer?.hint).toContain('delete the Certificate');
  });

  it('without the permission to read them, preflight goes on and says nothing of them', async () => {
    await k8s.rbac.replaceClusterRole({ name: 'reroot-cert-manager', body: { ...roleBody(), rules: [] } });
    await eventually('nothing to be said of them', async () => (await writersFound()).length === 0);
    await restoreRole();
  });

  const roleBody = (): V1ClusterRole => ({ metadata: { name: 'reroot-cert-manager' } });
  const restoreRole = async () =>
    await k8s.rbac.replaceClusterRole({
      name: 'reroot-cert-manager',
      body: { ...roleBody(), rules: role.rules ?? [] },
    });
});

async function writersFound() {
  const { stdout, stderr } = await reroot(['preflight', '-o', 'json']);
  const { findings } = JSON.parse(stdout || stderr) as {
    findings: { reason: string; severity: string; message: string; hint: string; subject: { name: string } }[];
  };
  expect(findings.filter(({ reason }) => reason === 'PermissionMissing')).toEqual([]);
  return findings.filter(({ reason }) => reason === 'AnotherWriter');
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
