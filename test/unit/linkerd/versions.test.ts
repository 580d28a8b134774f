import type { V1Deployment } from '@kubernetes/client-node';
import { describe, expect, it } from 'vitest';
import { type Layout } from '../../../src/linkerd/layouts/layout.js';
import { layoutOfObjects, LAYOUTS } from '../../../src/linkerd/layouts/index.js';
import { rulesOf } from '../../../src/linkerd/versions.js';
import { readYamlField } from '../../../src/linkerd/layouts/yaml-field.js';

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
  it.each<[string, Layout['id'] | undefined, boolean, Record<string, string> | undefined]>([
    ['2.7: JSON in linkerd-config', 'A', false, { global: '{}', proxy: '{}' }],
    ['2.9: values below global', 'B', false, { values: `global:\n  identityTrustAnchorsPEM: "${pem}"\n` }],
    ['2.10: values', 'C', false, { values: `identityTrustAnchorsPEM: "${pem}"\n` }],
    ['2.11: a ConfigMap of its own', 'D', true, { values: `identityTrustAnchorsPEM: "${pem}"\n` }],
    ['nothing', undefined, false, undefined],
    ['values without anchors', undefined, false, { values: 'a: 1\n' }],
  ])('of the objects of %s', (_what, id, hasTrustRoots, config) => {
    const found = layoutOfObjects(hasTrustRoots, config, (text, path) => readYamlField(text, path) !== undefined);
    expect(found?.id).toBe(id);
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
