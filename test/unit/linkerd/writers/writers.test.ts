import type { V1ObjectMeta } from '@kubernetes/client-node';
import { describe, expect, it } from 'vitest';
import { controllersOf, writersOf } from '../../../../src/linkerd/writers/writers.js';

const by = (manager: string): V1ObjectMeta => ({ managedFields: [{ manager: 'kubectl-edit' }, { manager }] });

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
    ['trust-manager', 'its label', { labels: { 'trust.cert-manager.io/bundle': 'linkerd-identity-trust-roots' } }],
    ['trust-manager', 'its field manager', by('trust-manager')],
    ['cert-manager', 'its annotation', { annotations: { 'cert-manager.io/certificate-name': 'x' } }],
    ['cert-manager', 'its field manager', by('cert-manager-certificates-issuing')],
  ])('%s by %s', (name, _mark, metadata) => expect(controllersOf(metadata).map((found) => found.name)).toEqual([name]));

  it('only by its own marks', () => {
    const labels = { 'app.kubernetes.io/managed-by': 'Helm', 'linkerd.io/control-plane-ns': 'linkerd' };
    expect(controllersOf({ labels, ...by('reroot') })).toEqual([]);
  });
});

describe('what cert-manager and trust-manager say of themselves', () => {
  const unknown = { issuer: undefined, hasBundle: undefined, bundle: [] };
  const marked = controllersOf({
    labels: { 'argocd.argoproj.io/instance': 'linkerd' },
    annotations: { 'cert-manager.io/certificate-name': 'x' },
  });
  const names = (renewals: Parameters<typeof writersOf>[2], name = 'linkerd-identity-issuer') =>
    writersOf(name, marked, renewals).map(({ manager, will, certain }) => [manager, will, certain]);
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
    expect(writersOf('linkerd-config', [], { issuer: ['renews'], hasBundle: true, bundle: [] })).toEqual([]);
  });
});
