import { describe, expect, it } from 'vitest';
import { toPkcs8Pem, toSec1Pem } from '../../../src/pki/key.js';
import type { RotationReport } from '../../../src/rotation/report.js';
import { carryOut, clusterWith, type FakeCluster, newRotation, next, old, step } from './cluster.js';

const [O, T] = [old.root.certificate, next.root.certificate];
const SECRET = 'Secret/reroot-rotation';
const NOTHING = { data: {}, annotations: {} };

function contents({ objects }: FakeCluster): object {
  const { data, metadata } = objects.get(SECRET) ?? {};
  return { data, annotations: metadata?.annotations };
}

describe('an abort before this run has written anything', () => {
  const discard = async (cluster: FakeCluster) => await carryOut(cluster, ({ discard: act }) => act, step());
  const left = (bundle = [O], more = {}) =>
    clusterWith({ bundle, rotation: newRotation({ firstRunId: 'run-9' }), ...more });
  const facts = {
    discarded: false,
    left: { adopted: true, root: { fingerprint: T.fingerprint }, retire: [{ fingerprint: O.fingerprint }] },
  };

  it('has nothing to discard where nothing was made', async () => {
    expect(await discard(clusterWith())).toEqual({ discarded: true });
  });
  it.each(['run-1', 'run-9'])('discards what nothing in the mesh refers to, made by %s', async (firstRunId) => {
    const cluster = clusterWith({ rotation: newRotation({ firstRunId }) });
    cluster.addPod('web-1', [O]);
    expect(await discard(cluster)).toEqual({ discarded: true });
    expect(contents(cluster)).toEqual(NOTHING);
  });
  it('keeps what another run left when the bundle has its root', async () => {
    const cluster = left([O, T]);
    expect(await discard(cluster)).toMatchObject(facts);
    expect(cluster.objects.has(SECRET)).toBe(true);
  });
  it('keeps it when a proxy trusts its root', async () => {
    const cluster = left();
    cluster.addPod('web-1', [O, T]);
    expect(await discard(cluster)).toMatchObject({ ...facts, left: { pastPointOfNoReturn: false } });
    expect(cluster.objects.has(SECRET)).toBe(true);
  });
  it('keeps it, and says that there is no way back, when a proxy trusts nothing else', async () => {
    const cluster = left();
    cluster.addPod('web-1', [T]);
    expect(await discard(cluster)).toMatchObject({ ...facts, left: { pastPointOfNoReturn: true } });
  });
  it('keeps it when the issuer in use is from it, also when its keys cannot be used', async () => {
    const issuer = {
      certificatePem: next.issuer.certificate.pem,
      keyPem: toSec1Pem(next.issuer.privateKey),
    };
    const rotation = newRotation({ firstRunId: 'run-1', issuerKeyPem: toSec1Pem(old.issuer.privateKey) });
    const cluster = clusterWith({ issuer, rotation });
    expect(await discard(cluster)).toMatchObject({ discarded: false, left: { adopted: false } });
    expect(cluster.objects.has(SECRET)).toBe(true);
  });
  it('takes nothing out of a Secret that is damaged', async () => {
    const cluster = left();
    delete cluster.objects.get(SECRET)?.data?.['ca.crt'];
    await expect(discard(cluster)).rejects.toMatchObject({ type: 'RotationSecretDamaged' });
    expect(cluster.objects.has(SECRET)).toBe(true);
  });
});

describe('finish', () => {
  const finish = async (cluster: FakeCluster, outcome: RotationReport['outcome'] = 'completed') =>
    await carryOut(cluster, ({ finish: act }) => act, { ...step(), report: { outcome } as RotationReport });

  it('keeps the new root, and empties what held the rest', async () => {
    const rotation = newRotation({ rootKeyPem: toPkcs8Pem(next.root.privateKey) });
    const cluster = clusterWith({ bundle: [T], rotation });
    await finish(cluster);
    expect(cluster.text('Secret/reroot-trust-root', 'ca.crt')).toBe(T.pem);
    expect(cluster.text('Secret/reroot-trust-root', 'ca.key')).toBe(rotation.rootKeyPem);
    expect(contents(cluster)).toEqual(NOTHING);
    expect(cluster.objects.has('ConfigMap/reroot-report')).toBe(true);
  });
  it('needs no right to create or delete anything where its objects were made beforehand, and may run twice', async () => {
    const cluster = clusterWith({ bundle: [T], rotation: newRotation() }).withObjects();
    await finish(cluster);
    await finish(cluster);
    expect(cluster.text('Secret/reroot-trust-root', 'ca.crt')).toBe(T.pem);
    expect(contents(cluster)).toEqual(NOTHING);
    expect(cluster.writes.filter((write) => !write.startsWith('patch '))).toEqual(['replace Lease/reroot']);
  });

  const rootAsIssuer = newRotation({
    rootPem: O.pem,
    retire: [],
    previousIssuerPem: O.pem,
    previousIssuerKeyPem: toSec1Pem(old.root.privateKey),
  });
  it('keeps the last copy of the key of a root that was its own issuer, when that is replaced', async () => {
    const cluster = clusterWith({ rotation: rootAsIssuer });
    await finish(cluster);
    expect(cluster.text('Secret/reroot-trust-root', 'ca.crt')).toBe(O.pem);
    expect(cluster.text('Secret/reroot-trust-root', 'ca.key')).toBe(toSec1Pem(old.root.privateKey));
  });
  it.each([
    ['an aborted one: the issuer Secret has the key again', rootAsIssuer, 'aborted'],
    ['an issuer below the root, whose key was never here', newRotation({ rootPem: O.pem, retire: [] }), 'completed'],
  ] as const)('keeps no root of %s', async (_what, rotation, outcome) => {
    const cluster = clusterWith({ rotation });
    await finish(cluster, outcome);
    expect(cluster.objects.has('Secret/reroot-trust-root')).toBe(false);
    expect(contents(cluster)).toEqual(NOTHING);
  });
});
