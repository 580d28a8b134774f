import { describe, expect, it } from 'vitest';
import { keyOfRoot, managed, namespaceOfCa, previousAmong, rootAmong } from '../../../src/linkerd/cert-manager/find.js';
import type { ManagedCertificate } from '../../../src/linkerd/cert-manager/install.js';

function certificate(namespace: string, name: string, labels?: Record<string, string>): ManagedCertificate {
  const made = managed({
    metadata: { namespace, name },
    spec: { secretName: name, ...(labels ? { secretTemplate: { labels } } : {}) },
  });
  if (!made) throw new Error('no Certificate');
  return made;
}

const root = certificate('cert-manager', 'anchor', { feeds: 'roots' });
const elsewhere = certificate('shop', 'anchor');
const selector = { matchLabels: { feeds: 'roots' } };

describe('the CA that signs the issuer', () => {
  it.each([
    ['the namespace of its Issuer', 'linkerd', [root], 'linkerd'],
    ['where its Certificate is, of a ClusterIssuer', undefined, [certificate('pki', 'anchor')], 'pki'],
    ["cert-manager's namespace, of several", undefined, [elsewhere, root], 'cert-manager'],
    ["cert-manager's namespace where no Certificate writes it", undefined, [], 'cert-manager'],
  ])('is in %s', (_where, issuerNamespace, certificates, namespace) =>
    expect(namespaceOfCa({ name: 'anchor', issuerNamespace }, certificates)).toBe(namespace),
  );
});

describe('the Certificate of the root', () => {
  it.each([
    ['what signs the issuer', root.secret, [], root],
    [
      'none where nobody in the cluster writes that',
      { namespace: 'vault', name: 'ca' },
      [{ name: 'anchor' }],
      undefined,
    ],
    ['what feeds the bundle, by name', undefined, [{ name: 'anchor' }], root],
    ['what feeds the bundle, by labels', undefined, [{ selector }], root],
    ['none', undefined, [], undefined],
  ])('is %s', (_which, ca, sources, found) => expect(rootAmong([elsewhere, root], { ca, sources })).toBe(found));
});

describe('the source of the previous root', () => {
  const known = [
    { name: 'anchor', labels: { feeds: 'roots' } },
    { name: 'before', labels: { feeds: 'roots' } },
    { name: 'other', labels: {} },
  ];
  it.each([
    ['the one beside it', [{ name: 'anchor' }, { name: 'old', key: 'ca' }], { name: 'old', key: 'ca' }],
    ['the one with the labels', [{ selector }], { name: 'before', key: 'tls.crt' }],
    [
      "the guide's, of several",
      [{ name: 'corporate' }, { name: 'linkerd-previous-anchor' }],
      { name: 'linkerd-previous-anchor', key: 'tls.crt' },
    ],
    ['nobody knows which, of several', [{ name: 'corporate' }, { name: 'partner' }], undefined],
    ['none', [{ name: 'anchor' }], undefined],
  ])('is %s', (_which, sources, found) => expect(previousAmong(sources, root.secret, known)).toEqual(found));
  it('goes by the key of its source', () => {
    expect(keyOfRoot([{ name: 'other' }, { name: 'anchor', key: 'ca.pem' }], root)).toBe('ca.pem');
    expect(keyOfRoot([], root)).toBe('tls.crt');
  });
});
