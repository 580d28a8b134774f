import { describe, expect, it } from 'vitest';
import { memberResources, readMembers } from '../../../src/linkerd/members.js';
import { clusterWith } from './custom.js';

const link = { metadata: { namespace: 'mc', name: 'west' }, spec: { targetClusterName: 'west‮' } };
const vm = { metadata: { namespace: 'vms', name: 'billing' } };

describe('members that are no pods', () => {
  it('are none where the cluster has no such resources', async () => {
    expect(await readMembers(clusterWith({}))).toEqual([]);
    expect(await memberResources(clusterWith({}))).toEqual([]);
  });
  it('are VMs and Links, in the newest version that is served, with a plain name of the other cluster', async () => {
    const cluster = clusterWith({
      'links.v1alpha2.multicluster.linkerd.io': [link],
      'links.v1alpha1.multicluster.linkerd.io': [],
      'externalworkloads.v1beta1.workload.linkerd.io': [vm],
    });
    expect(await readMembers(cluster)).toEqual([
      { kind: 'ExternalWorkload', namespace: 'vms', name: 'billing' },
      { kind: 'Link', namespace: 'mc', name: 'west', cluster: 'west\uFFFD' },
    ]);
    expect((await memberResources(cluster)).map(({ plural, version }) => `${plural} ${version}`)).toEqual([
      'externalworkloads v1beta1',
      'links v1alpha2',
    ]);
  });
  it('are gateways in namespaces of the extension, and no other Deployment that is labelled so', async () => {
    expect(await readMembers(clusterWith({}, ['shop', 'linkerd-multicluster']))).toEqual([
      { kind: 'Service', namespace: 'linkerd-multicluster', name: 'linkerd-gateway' },
    ]);
  });
  it('are not taken for none where they may not be listed', async () => {
    const cluster = clusterWith({ 'links.v1alpha3.multicluster.linkerd.io': 'forbidden' });
    await expect(readMembers(cluster)).rejects.toMatchObject({ kind: 'Forbidden' });
  });
});
