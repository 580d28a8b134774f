import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { helmName, helmPaths, helmValues, keyFlag, valuesFile } from '../../../src/linkerd/helm-values.js';

const PEM = '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n';

describe('helmPaths', () => {
  it.each([
    ['A', 'stable-2.7.1', 'Identity.TrustAnchorsPEM', 'Identity.Issuer.TLS.CrtPEM'],
    ['A', 'stable-2.8.1', 'global.identityTrustAnchorsPEM', 'identity.issuer.tls.crtPEM'],
    ['B', 'stable-2.9.5', 'global.identityTrustAnchorsPEM', 'identity.issuer.tls.crtPEM'],
    ['C', 'stable-2.10.2', 'identityTrustAnchorsPEM', 'identity.issuer.tls.crtPEM'],
    ['D', 'edge-26.6.3', 'identityTrustAnchorsPEM', 'identity.issuer.tls.crtPEM'],
  ])('names the values of layout %s, %s', (id, version, anchors, certificate) => {
    const paths = helmPaths({ layout: { id }, version });
    expect(helmName(paths.anchors)).toBe(anchors);
    expect(helmName(paths.certificate)).toBe(certificate);
  });
});

describe('helmValues', () => {
  const linkerd = { layout: { id: 'D' }, version: 'edge-26.6.3' };

  it.each([PEM, PEM.trimEnd(), PEM + PEM])('gives the texts to the byte: %j', (text) => {
    const values = helmValues(linkerd, { anchors: text, certificate: text });
    expect(parse(valuesFile(values))).toEqual({
      identityTrustAnchorsPEM: text,
      identity: { issuer: { tls: { crtPEM: text } } },
    });
  });

  it('leaves out what Helm does not render', () => {
    expect(helmValues(linkerd, { certificate: PEM })).toEqual({ identity: { issuer: { tls: { crtPEM: PEM } } } });
    expect(helmValues(linkerd, {})).toEqual({});
  });

  it('nests what is below the same name', () => {
    const values = helmValues({ layout: { id: 'A' }, version: 'stable-2.7.1' }, { anchors: 'a', certificate: 'c' });
    expect(values).toEqual({ Identity: { TrustAnchorsPEM: 'a', Issuer: { TLS: { CrtPEM: 'c' } } } });
  });

  it('writes a PEM as people do', () => {
    expect(valuesFile({ identityTrustAnchorsPEM: PEM })).toBe(
      'identityTrustAnchorsPEM: |\n  -----BEGIN CERTIFICATE-----\n  MIIB\n  -----END CERTIFICATE-----\n',
    );
  });
});

it('tells where the key is, and not the key', () => {
  const { key } = helmPaths({ layout: { id: 'D' }, version: '' });
  const secret = { namespace: 'linkerd', secret: 'linkerd-identity-issuer', key: 'key.pem' };
  expect(keyFlag(key, secret)).toBe(
    String.raw`--set-file identity.issuer.tls.keyPEM=<(kubectl -n linkerd get secret linkerd-identity-issuer -o jsonpath='{.data.key\.pem}' | base64 -d)`,
  );
});
