import { beforeEach, describe, expect, it } from 'vitest';
import { findOwners } from '../../../../activities/kit/owners.js';
import { encode } from '../../../../src/kubernetes/base64.js';
import { detectLinkerd } from '../../../../src/linkerd/detect.js';
import { ownersText } from '../../../../src/rotation/owners.js';
import type { RotationSettings } from '../../../../src/rotation/input.js';
import { CertManagerCluster } from '../cert-manager.js';

const ROOT = 'cert-manager/linkerd-trust-anchor';
const PREVIOUS = 'cert-manager/linkerd-previous-anchor';
const ROOTS = 'ConfigMap/linkerd-identity-trust-roots';

let cluster: CertManagerCluster;
beforeEach(() => (cluster = new CertManagerCluster()));

const find = async (settings: Partial<Pick<RotationSettings, 'owners'>> = {}) => {
  const linkerd = await detectLinkerd(cluster.k8s, 'linkerd');
  return await findOwners(cluster.k8s, linkerd, { waive: [], ...settings });
};

describe("on the install of Linkerd's guide", () => {
  it('cert-manager is the owner of both, and the checks hear what it does', async () => {
    const { certManager, owners } = await find();
    expect(certManager).toMatchObject({
      issuer: { name: 'Certificate linkerd/linkerd-identity-issuer', keepsKey: 'unsaid' },
      signer: 'ClusterIssuer of-linkerd-identity-issuer',
      ca: ROOT,
      root: { name: `Certificate ${ROOT}`, secret: ROOT, renewalTime: '2027-01-01T00:00:00Z' },
      bundle: { by: 'Bundle linkerd-identity-trust-roots', sources: [ROOT, PREVIOUS], missing: [], previous: PREVIOUS },
    });
    expect(certManager?.root?.fingerprint).toBe(cluster.chain('linkerd-trust-anchor')[0]?.fingerprint);
    expect(certManager?.issuer).not.toHaveProperty('notReady');
    expect([owners.bundle.kind, owners.issuer.kind]).toEqual(['certManager', 'certManager']);
  });
  it('a source that is gone is named, and the other is known', async () => {
    cluster.objects.delete('Secret/linkerd-previous-anchor');
    const { certManager } = await find();
    expect(certManager?.bundle).toMatchObject({ sources: [ROOT, PREVIOUS], missing: [PREVIOUS], previous: PREVIOUS });
  });
  it('what is not Ready says why', async () => {
    const certificate = cluster.certificates.get('linkerd-identity-issuer');
    if (certificate) certificate.status.conditions = [{ type: 'Ready', status: 'False', message: 'denied' }] as never;
    expect((await find()).certManager?.issuer).toMatchObject({ notReady: 'denied' });
  });
});

describe('without trust-manager', () => {
  beforeEach(() => (cluster.hasBundle = false));
  const written = (manager: string) => {
    const { data } = cluster.objects.get(ROOTS) ?? {};
    const fieldsV1 = { 'f:data': { 'f:ca-bundle.crt': {} } };
    cluster.objects.set(ROOTS, {
      data,
      metadata: { managedFields: [{ manager, operation: 'Update', fieldsV1, time: new Date() }] },
    } as never);
  };
  it.each([
    [
      'somebody who copies the two Secrets is the owner with cert-manager',
      'roots-sync',
      'cert-manager (copied by roots-sync',
    ],
    ['a person is not', 'kubectl-edit', 'reroot'],
    ['reroot is not', 'reroot', 'reroot'],
  ])('%s', async (_what, manager, bundle) => {
    written(manager);
    const [line] = ownersText((await find()).owners);
    expect(line).toContain(`bundle: ${bundle}`);
  });
  it('the input may say that a person has a job for it', async () => {
    written('kubectl');
    const { owners } = await find({ owners: { bundle: 'certManager' } });
    expect(owners.bundle.who).toContain('copied by kubectl');
  });
  it('who writes something else is not', async () => {
    written('roots-sync');
    cluster.put('Secret/linkerd-previous-anchor', { data: { 'tls.crt': encode('') } });
    const other = new CertManagerCluster();
    cluster.objects.set(ROOTS, { ...cluster.objects.get(ROOTS), ...{ data: other.objects.get(ROOTS)?.data } } as never);
    written('roots-sync');
    expect((await find()).owners.bundle).toEqual({ kind: 'reroot' });
  });
});
