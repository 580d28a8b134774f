import { describe, expect, it } from 'vitest';
import { specChanges } from '../../../../sandbox/cert-manager/certificates.js';
import { bundleObject, issuanceObjects } from '../../../../sandbox/cert-manager/objects.js';
import { type CertManagerOptions, installOf } from '../../../../sandbox/cert-manager/options.js';

describe('the objects of an install of cert-manager', () => {
  it("are those of Linkerd's guide unless something else is asked for", () => {
    expect(names({})).toEqual([
      'ClusterIssuer linkerd-trust-root-issuer',
      'Certificate cert-manager/linkerd-trust-anchor',
      'ClusterIssuer linkerd-identity-issuer',
      'Certificate linkerd/linkerd-identity-issuer',
    ]);
  });
  it("are those of Buoyant's chart with Issuers of a namespace", () => {
    expect(names({ issuers: 'Issuer' })[0]).toBe('Issuer cert-manager/linkerd-trust-root-issuer');
  });
  it('have a CA above the root', () => {
    expect(names({ root: 'ca' }).slice(0, 2)).toEqual([
      'ClusterIssuer corporate-root-issuer',
      'Certificate cert-manager/corporate-root',
    ]);
  });
  it('have no Certificate for a root that is elsewhere', () => {
    expect(names({ root: 'outside' })).toEqual([
      'ClusterIssuer linkerd-identity-issuer',
      'Certificate linkerd/linkerd-identity-issuer',
    ]);
  });
  it.each([
    [{}, [{ name: 'linkerd-trust-anchor' }, { name: 'linkerd-previous-anchor' }]],
    [{ anchorSecret: 'a', previousSecret: 'b' }, [{ name: 'a' }, { name: 'b' }]],
    [{ sources: 'labels' }, [{ selector: { matchLabels: { 'example.com/linkerd-trust-anchor': 'true' } } }]],
  ] satisfies [CertManagerOptions, object[]][])('with %j have the sources %j', (options, sources) => {
    const { spec } = bundleObject(installOf(options));
    expect(spec).toMatchObject({ sources: sources.map((secret) => ({ secret: { ...secret, key: 'tls.crt' } })) });
  });
});

it('a spec that was changed, one that is new and one that is gone are changes; others are none', () => {
  const spec = (generation: number) => ({ generation, spec: {} });
  const before = { 'Certificate a': spec(1), 'Certificate b': spec(1), 'Certificate c': spec(1) };
  const after = { 'Certificate a': spec(1), 'Certificate b': spec(2), 'Certificate d': spec(1) };
  expect(specChanges(before, after)).toBe(3);
  expect(specChanges(before, before)).toBe(0);
});

function names(options: CertManagerOptions): string[] {
  return issuanceObjects(installOf(options)).map(
    ({ kind, metadata: { name, namespace } }) => `${kind} ${namespace ? `${namespace}/` : ''}${name}`,
  );
}
