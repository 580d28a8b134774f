import type { V1Deployment } from '@kubernetes/client-node';
import { describe, expect, it } from 'vitest';
import type { Layout, StoredObjects } from '../../../src/linkerd/layouts/layout.js';
import { LAYOUTS } from '../../../src/linkerd/layouts/index.js';
import { rulesOf } from '../../../src/linkerd/versions.js';

describe('the rules of a version', () => {
  it.each([
    ['stable-2.7.1', { issuerNameChecked: true, rsaRoots: false, environmentServed: false }],
    ['stable-2.9.0', { issuerNameChecked: true, rsaRoots: false, environmentServed: false }],
    ['stable-2.9.1', { issuerNameChecked: false, rsaRoots: false, environmentServed: false }],
    ['stable-2.11.5', { issuerNameChecked: false, rsaRoots: false, environmentServed: false }],
    ['stable-2.12.0', { issuerNameChecked: false, rsaRoots: true, environmentServed: true }],
    ['edge-20.11.5', { issuerNameChecked: true, rsaRoots: false, environmentServed: false }],
    ['edge-26.6.3', { issuerNameChecked: false, rsaRoots: true, environmentServed: true }],
    ['enterprise-2.18.2', { issuerNameChecked: false, rsaRoots: true, environmentServed: true }],
    ['2.14.10', { issuerNameChecked: false, rsaRoots: true, environmentServed: true }],
    ['a private build', { issuerNameChecked: true, rsaRoots: false, environmentServed: false }],
  ])('%s', (version, rules) => expect(rulesOf(version)).toEqual(rules));
});

describe('the layout', () => {
  const pem = '-----BEGIN CERTIFICATE-----';
  it.each<[string, Layout['id'][], StoredObjects]>([
    ['2.7: JSON in linkerd-config', ['A'], { config: { global: '{}', proxy: '{}' }, trustRoots: undefined }],
    [
      '2.9: values below global',
      ['B'],
      { config: { values: `global:\n  identityTrustAnchorsPEM: "${pem}"\n` }, trustRoots: undefined },
    ],
    ['2.10: values', ['C'], { config: { values: `identityTrustAnchorsPEM: "${pem}"\n` }, trustRoots: undefined }],
    [
      '2.11: a ConfigMap of its own',
      ['D'],
      { config: { values: `identityTrustAnchorsPEM: "${pem}"\n` }, trustRoots: {} },
    ],
    ['2.11 with externalCA', ['D'], { config: { values: 'a: 1\n' }, trustRoots: { 'ca-bundle.crt': pem } }],
    [
      'a half upgrade: JSON beside values',
      ['A'],
      { config: { global: '{}', values: `identityTrustAnchorsPEM: x\n` }, trustRoots: undefined },
    ],
    ['nothing', [], { config: undefined, trustRoots: undefined }],
    ['values without anchors', [], { config: { values: 'a: 1\n' }, trustRoots: undefined }],
  ])('of the objects of %s', (_what, ids, objects) => {
    expect(LAYOUTS.filter((layout) => layout.storedAs(objects)).map(({ id }) => id)).toEqual(ids);
  });

  const identity = (spec: object): V1Deployment => ({ spec: { template: { spec } } }) as V1Deployment;
  it.each<[string, Layout['id'][], V1Deployment]>([
    [
      'a mounted linkerd-config',
      ['A'],
      identity({
        containers: [{ name: 'identity' }],
        volumes: [{ name: 'config', configMap: { name: 'linkerd-config' } }],
      }),
    ],
    [
      'an argument',
      ['B'],
      identity({ containers: [{ name: 'identity', args: ['-identity-trust-anchors-pem=eA=='] }] }),
    ],
    [
      'a variable',
      ['C'],
      identity({
        containers: [{ name: 'identity', env: [{ name: 'LINKERD2_IDENTITY_TRUST_ANCHORS', value: 'eA==' }] }],
      }),
    ],
    [
      'a mounted ConfigMap of anchors',
      ['D'],
      identity({
        containers: [{ name: 'identity' }],
        volumes: [{ name: 'roots', configMap: { name: 'linkerd-identity-trust-roots' } }],
      }),
    ],
    ['none of these', [], identity({ containers: [{ name: 'identity' }] })],
  ])('of an identity Deployment with %s', (_what, ids, deployment) => {
    expect(LAYOUTS.filter((layout) => layout.describes(deployment)).map(({ id }) => id)).toEqual(ids);
  });
});
