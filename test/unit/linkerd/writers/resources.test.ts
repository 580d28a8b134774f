import { describe, expect, it } from 'vitest';
import { readBuoyant } from '../../../../src/linkerd/writers/buoyant.js';
import { readAutomaticRenewals } from '../../../../src/linkerd/writers/cert-manager.js';
import { clusterWith } from '../custom.js';

const BUNDLES = 'bundles.v1alpha1.trust.cert-manager.io';
const CLUSTER_BUNDLES = 'clusterbundles.v1alpha2.trust-manager.io';
const roots = { metadata: { name: 'linkerd-identity-trust-roots' } };
const other = { metadata: { name: 'corporate' } };

describe('whether trust-manager writes the trust roots', () => {
  it.each<[string, Parameters<typeof clusterWith>[0], boolean | undefined]>([
    ['neither is there', {}, false],
    ['by a Bundle', { [BUNDLES]: [other, roots] }, true],
    [
      'by a ClusterBundle, beside Bundles that have nothing to do with it',
      { [BUNDLES]: [other], [CLUSTER_BUNDLES]: [roots] },
      true,
    ],
    ['by a Bundle that is moved to a ClusterBundle', { [BUNDLES]: 'forbidden', [CLUSTER_BUNDLES]: [roots] }, true],
    ['others alone', { [BUNDLES]: [other], [CLUSTER_BUNDLES]: [other] }, false],
    ['nobody may know of one kind', { [BUNDLES]: [other], [CLUSTER_BUNDLES]: 'forbidden' }, undefined],
  ])('%s', async (_how, resources, writes) => {
    const { hasBundle, bundle } = await readAutomaticRenewals(clusterWith(resources), 'linkerd');
    expect(hasBundle).toBe(writes);
    expect(bundle.length).toBe(writes ? 1 : 0);
  });
  it('names the kind that does', async () => {
    const { bundle } = await readAutomaticRenewals(clusterWith({ [CLUSTER_BUNDLES]: [roots] }), 'linkerd');
    expect(bundle).toEqual(['it is written by ClusterBundle linkerd-identity-trust-roots']);
  });
});

describe("what Buoyant's resources say", () => {
  it('is told of each, and nothing where they may not be read', async () => {
    const cluster = clusterWith({
      'trustanchorrotations.v1alpha1.trust.linkerd.io': [{ metadata: { name: 'cluster' } }],
      'controlplanes.v1alpha1.linkerd.buoyant.io': 'forbidden',
    });
    expect(await readBuoyant(cluster)).toEqual([
      expect.stringContaining('TrustAnchorRotation cluster keeps the bundle'),
    ]);
    expect(await readBuoyant(clusterWith({}))).toEqual([]);
  });
});
