import type { V1ObjectMeta } from '@kubernetes/client-node';
import { describe, expect, it } from 'vitest';
import { bundleSays } from '../../../../src/linkerd/writers/cert-manager.js';
import type { CertManagerCertificate } from '../../../../src/linkerd/writers/certificate-renewal.js';
import {
  controllersOf,
  otherManagers,
  type SaidOfThemselves,
  writersOf,
} from '../../../../src/linkerd/writers/writers.js';

const KEYS = ['ca-bundle.crt'];
const owning = (manager: string, ...keys: string[]) => ({
  manager,
  time: new Date('2026-01-02T03:04:05Z'),
  fieldsV1: { 'f:data': Object.fromEntries(['.', ...keys.map((key) => `f:${key}`)].map((key) => [key, {}])) },
});
const by = (manager: string): V1ObjectMeta => ({
  managedFields: [owning('kubectl-edit', 'ca-bundle.crt'), owning(manager, 'ca-bundle.crt')],
});
const ownedBy = (apiVersion: string, kind: string): V1ObjectMeta => ({
  ownerReferences: [{ apiVersion, kind, name: 'mesh', uid: 'uid', controller: true }],
});

describe('another writer shows', () => {
  it.each<[string, string, V1ObjectMeta]>([
    [
      'Argo CD',
      'its tracking annotation',
      { annotations: { 'argocd.argoproj.io/tracking-id': 'linkerd:/ConfigMap:x' } },
    ],
    ['Argo CD', 'its instance label', { labels: { 'argocd.argoproj.io/instance': 'linkerd' } }],
    ['Argo CD', 'its field manager', by('argocd-controller')],
    ['Argo CD', 'its controller by an older name', by('argocd-application-controller')],
    ['Flux', 'the label of its Kustomization', { labels: { 'kustomize.toolkit.fluxcd.io/name': 'linkerd' } }],
    ['Flux', 'the label of its HelmRelease', { labels: { 'helm.toolkit.fluxcd.io/name': 'linkerd' } }],
    ['Flux', 'the field manager of its Kustomizations', by('kustomize-controller')],
    ['Flux', 'the field manager of its HelmReleases', by('helm-controller')],
    [
      'Rancher (Fleet, or the addons of k3s)',
      'its annotation',
      { annotations: { 'objectset.rio.cattle.io/id': 'default-mesh', 'meta.helm.sh/release-name': 'mesh' } },
    ],
    ['Rancher (Fleet, or the addons of k3s)', 'its field manager', by('fleet-agent')],
    ['Config Sync', 'its annotation', { annotations: { 'configmanagement.gke.io/managed': 'enabled' } }],
    ['trust-manager', 'its label', { labels: { 'trust.cert-manager.io/bundle': 'linkerd-identity-trust-roots' } }],
    ['trust-manager', 'the label of a ClusterBundle', { labels: { 'trust-manager.io/bundle': 'x' } }],
    ['trust-manager', 'its field manager', by('trust-manager')],
    ['trust-manager', 'its owner reference', ownedBy('trust-manager.io/v1alpha2', 'ClusterBundle')],
    ['cert-manager', 'its annotation', { annotations: { 'cert-manager.io/certificate-name': 'x' } }],
    ['cert-manager', 'its field manager', by('cert-manager-certificates-issuing')],
    [
      "Buoyant's operator",
      'the owner reference of a ControlPlane',
      ownedBy('linkerd.buoyant.io/v1alpha1', 'ControlPlane'),
    ],
    ['External Secrets', 'its owner reference', ownedBy('external-secrets.io/v1', 'ExternalSecret')],
    ['External Secrets', 'its field manager', by('external-secrets')],
    ['Vault Secrets Operator', 'its owner', ownedBy('secrets.hashicorp.com/v1beta1', 'VaultStaticSecret')],
    ['Sealed Secrets', 'its owner reference', ownedBy('bitnami.com/v1alpha1', 'SealedSecret')],
    ['Reflector', 'its annotation', { annotations: { 'reflector.v1.k8s.emberstack.com/reflects': 'pki/roots' } }],
    ['kubernetes-replicator', 'its annotation', { annotations: { 'replicator.v1.mittwald.de/replicate-from': 'a/b' } }],
    ['Crossplane', 'its owner reference', ownedBy('kubernetes.crossplane.io/v1alpha2', 'Object')],
    ['MeshInstall mesh (acme.example)', 'an owner that nobody knows', ownedBy('acme.example/v1', 'MeshInstall')],
  ])('%s by %s', (name, _mark, metadata) =>
    expect(controllersOf(metadata, KEYS).map((found) => found.name)).toEqual([name]),
  );

  it('only by its own marks', () => {
    const labels = { 'app.kubernetes.io/managed-by': 'Helm', 'linkerd.io/control-plane-ns': 'linkerd' };
    expect(controllersOf({ labels, ...by('reroot') }, KEYS)).toEqual([]);
  });
  it('only by a field manager that owns a key which a rotation writes', () => {
    const labels = { manager: 'argocd-controller', fieldsV1: { 'f:metadata': { 'f:labels': { 'f:team': {} } } } };
    const other = owning('argocd-controller', 'other.crt');
    const status = { ...owning('argocd-controller', 'ca-bundle.crt'), subresource: 'status' };
    for (const entry of [labels, other, status, { manager: 'argocd-controller' }]) {
      expect(controllersOf({ managedFields: [entry] }, KEYS)).toEqual([]);
      expect(otherManagers({ managedFields: [entry] }, KEYS)).toEqual([]);
    }
  });
  it('not by an owner that is none of its controllers', () => {
    const reference = { apiVersion: 'acme.example/v1', kind: 'Group', name: 'x', uid: 'uid' };
    expect(controllersOf({ ownerReferences: [reference] }, KEYS)).toEqual([]);
  });
});

describe('field managers that may put nothing back', () => {
  it.each([
    ['Terraform', 'Terraform', 'terraform apply'],
    ['Terraform', 'HashiCorp', 'terraform apply'],
    ['Pulumi', 'pulumi-kubernetes-1f3d', 'pulumi up'],
    ['Helm', 'helm', 'helm upgrade'],
    ['acme-sync', 'acme-sync', 'if it is a controller it will put the old content back'],
    ['unknown', 'unknown', 'if it is a controller'],
  ])('%s: %s is named with what it would do', (name, manager, does) => {
    const [writer, ...more] = otherManagers(by(manager), KEYS);
    expect(more).toEqual([]);
    expect(writer).toMatchObject({ manager: name, reverts: false, certain: false });
    expect(writer?.will[0]).toContain('it owns ca-bundle.crt, and wrote last at 2026-01-02T03:04:05.000Z');
    expect(writer?.will[0]).toContain(does);
  });
  it.each([
    'kubectl',
    'kubectl-client-side-apply',
    'kubectl-edit',
    'oc',
    'linkerd',
    'reroot',
    'kube-controller-manager',
    'argocd-controller',
  ])('%s is a person, Kubernetes, or named otherwise', (manager) =>
    expect(otherManagers(by(manager), KEYS)).toEqual([]),
  );
  it('names a manager once, with all that it owns and its last write', () => {
    const earlier = { ...owning('acme', 'crt.pem'), time: new Date('2025-01-01T00:00:00Z') };
    const [writer, ...more] = otherManagers({ managedFields: [owning('acme', 'key.pem'), earlier] }, [
      'crt.pem',
      'key.pem',
    ]);
    expect(more).toEqual([]);
    expect(writer?.will[0]).toContain('it owns key.pem, crt.pem, and wrote last at 2026-');
  });
});

describe('what writers say of themselves', () => {
  const unknown: SaidOfThemselves = { issuer: undefined, hasBundle: undefined, bundle: [], buoyant: [] };
  const marked = controllersOf(
    {
      labels: { 'argocd.argoproj.io/instance': 'linkerd' },
      annotations: { 'cert-manager.io/certificate-name': 'x' },
    },
    KEYS,
  );
  const names = (said: SaidOfThemselves, name = 'linkerd-identity-issuer') =>
    writersOf(name, marked, said).map(({ manager, will, certain }) => [manager, will, certain]);
  it('is left to the marks where it may not be read', () => {
    expect(names(unknown)).toEqual([
      ['Argo CD', [], false],
      ['cert-manager', [], false],
    ]);
  });
  it('counts more than a mark: a Certificate that is gone writes nothing, one that is there does', () => {
    expect(names({ ...unknown, issuer: [] })).toEqual([['Argo CD', [], false]]);
    expect(names({ ...unknown, issuer: ['renews'] })).toEqual([
      ['Argo CD', [], false],
      ['cert-manager', ['renews'], true],
    ]);
    expect(
      writersOf('linkerd-identity-trust-roots', [], { ...unknown, hasBundle: true, bundle: ['renews'] }),
    ).toMatchObject([{ manager: 'trust-manager', will: ['renews'], certain: true }]);
    expect(writersOf('linkerd-config', [], { ...unknown, issuer: ['renews'], hasBundle: true })).toEqual([]);
  });
  it("of Buoyant's operators is no more than a mark: they can be stopped while their resources stay", () => {
    const [writer, ...more] = writersOf('linkerd-identity-trust-roots', [], { ...unknown, buoyant: ['keeps it'] });
    expect(more).toEqual([]);
    expect(writer).toMatchObject({ manager: "Buoyant's operator", will: ['keeps it'], certain: false, reverts: true });
  });
});

describe('what a Bundle says', () => {
  const certificate = (name: string, labels?: Record<string, string>, namespace = 'cert-manager') =>
    ({
      metadata: { namespace, name },
      spec: { secretName: name, ...(labels ? { secretTemplate: { labels } } : {}) },
    }) satisfies CertManagerCertificate;
  it('is which Certificates feed it, by the names of their Secrets, and of several those of the trust namespace', () => {
    const certificates = [certificate('anchor'), certificate('anchor', undefined, 'shop'), certificate('other')];
    const says = bundleSays({ name: 'ClusterBundle roots', secrets: [{ name: 'anchor' }] }, certificates);
    expect(says).toHaveLength(2);
    expect(says[0]).toBe('it is written by ClusterBundle roots');
    expect(says[1]).toContain('Certificate cert-manager/anchor renews');
  });
  it('follows a label to the Certificates that write it, or says that it does not', () => {
    const selector = { matchLabels: { anchor: 'linkerd' } };
    const labelled = certificate('anchor', { anchor: 'linkerd', more: 'x' });
    expect(bundleSays({ name: 'Bundle roots', secrets: [{ selector }] }, [labelled])[1]).toContain(
      'cert-manager/anchor renews',
    );
    expect(bundleSays({ name: 'Bundle roots', secrets: [{ selector }] }, [certificate('anchor')])).toEqual([
      'it is written by Bundle roots',
      'it takes Secrets with labels anchor=linkerd, whoever writes them',
    ]);
  });
});
