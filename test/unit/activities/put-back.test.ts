import { describe, expect, it } from 'vitest';
import type { Certificate } from '../../../src/pki/certificate.js';
import { createBridge, createIssuer } from '../../../src/pki/issue.js';
import { toSec1Pem } from '../../../src/pki/key.js';
import type { PutBack } from '../../../src/rotation/ending.js';
import { authority, DAY_MS } from '../support.js';
import { carryOut, clusterWith, type FakeCluster, leaseOfHolder, newRotation, next, old, step } from './cluster.js';

const [O, T] = [old.root.certificate, next.root.certificate];
const SECRET = 'Secret/linkerd-identity-issuer';

const bridge = createBridge({
  ...{ issuer: old.issuer.certificate, root: T, rootKey: next.root.privateKey, validForMs: 7 * DAY_MS },
});
/** The key of the start with the bridge certificate: leaves end with that. */
const bridged = { certificatePem: bridge.pem + old.issuer.certificate.pem, keyPem: toSec1Pem(old.issuer.privateKey) };

async function putBack(cluster: FakeCluster): Promise<PutBack> {
  cluster.put('Lease/reroot', leaseOfHolder({ 'workflow-id': 'mine', 'run-id': 'run-1' }));
  return await carryOut(cluster, (activities) => activities.putBack, step());
}

/** A rotation that ends while the bridge is in use. */
function inBridge(change: { bundle?: Certificate[]; rotation?: Parameters<typeof newRotation>[0] } = {}): FakeCluster {
  const rotation = newRotation({ bridgePem: bridge.pem, firstRunId: 'run-1', ...change.rotation });
  return clusterWith({ bundle: change.bundle ?? [O, T], issuer: bridged, rotation });
}

function issuerIn(cluster: FakeCluster): string {
  return cluster.text(SECRET, 'crt.pem');
}

describe('the issuer of the start, when a rotation ends before its time', () => {
  it('goes back where every store and every proxy has its root', async () => {
    const cluster = inBridge();
    cluster.addPod('web-1', [O]);
    cluster.addPod('web-2', [O, T]);
    cluster.addPendingPod('web-3', [O]);
    expect(await putBack(cluster)).toEqual({ putBack: true, changed: true });
    expect(issuerIn(cluster).trim()).toBe(old.issuer.certificate.pem.trim());
    expect(cluster.text(SECRET, 'key.pem').trim()).toBe(toSec1Pem(old.issuer.privateKey).trim());
    expect(await putBack(cluster)).toEqual({ putBack: true });
  });

  it.each([
    [
      'a proxy trusts only the new root',
      (cluster: FakeCluster) => cluster.addPod('web-2', [T]),
      '1 proxy does not trust',
    ],
    [
      'a pod will be started with only the new root',
      (cluster: FakeCluster) => void cluster.addPendingPod('web-2', [T]),
      '1 proxy does not trust',
    ],
    ['a proxy cannot be asked', (cluster: FakeCluster) => cluster.addPod('web-2', []), '1 proxy could not be asked'],
  ])('stays away where %s', async (_what, change, why) => {
    const cluster = inBridge();
    cluster.addPod('web-1', [O, T]);
    change(cluster);
    const result = await putBack(cluster);
    expect(result).toMatchObject({ putBack: false, leavesEnd: bridge.notAfter.toISOString() });
    expect(result.why).toContain(why);
    expect(issuerIn(cluster)).toBe(bridged.certificatePem);
    expect(cluster.writes).toEqual([]);
  });

  it('stays away where its root has left the bundle', async () => {
    const cluster = inBridge({ bundle: [T] });
    expect((await putBack(cluster)).why).toContain('has left the bundle');
    expect(cluster.writes).toEqual([]);
  });

  it('asks for the root that it is under, whatever else is retired', async () => {
    const other = authority('other').root.certificate;
    const cluster = inBridge({ bundle: [other, O, T], rotation: { retire: [other, O] } });
    cluster.addPod('web-1', [O, T]);
    cluster.addPod('web-2', [other, T]);
    expect((await putBack(cluster)).why).toContain('1 proxy does not trust');
    expect(issuerIn(cluster)).toBe(bridged.certificatePem);
  });

  it('stays away when it has expired', async () => {
    const made = createIssuer({
      ...{ root: O, rootKey: old.root.privateKey, commonName: 'identity.old', validForMs: -1000 },
    });
    const rotation = newRotation({
      previousIssuerPem: made.certificate.pem,
      previousIssuerKeyPem: toSec1Pem(made.privateKey),
    });
    const { issuerPem = '', issuerKeyPem = '' } = rotation;
    const issuer = { certificatePem: issuerPem, keyPem: issuerKeyPem };
    const cluster = clusterWith({ bundle: [O, T], issuer, rotation });
    expect(await putBack(cluster)).toMatchObject({ putBack: false, why: 'the issuer of the start has expired' });
    expect(cluster.writes).toEqual([]);
  });

  it("does not go over somebody else's", async () => {
    const { issuer } = authority('foreign');
    const foreign = { certificatePem: issuer.certificate.pem, keyPem: toSec1Pem(issuer.privateKey) };
    const cluster = clusterWith({ bundle: [O, T], issuer: foreign, rotation: newRotation() });
    expect(await putBack(cluster)).toMatchObject({ putBack: false, why: 'somebody else has written it' });
    expect(cluster.writes).toEqual([]);
  });

  it('is where it was when the rotation has made nothing', async () => {
    const cluster = clusterWith();
    expect(await putBack(cluster)).toEqual({ putBack: false, nothing: true });
    expect(cluster.writes).toEqual([]);
  });
});
