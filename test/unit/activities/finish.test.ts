import type { Client } from '@temporalio/client';
import { describe, expect, it } from 'vitest';
import { toPkcs8Pem, toSec1Pem } from '../../../src/pki/key.js';
import type { RotationReport } from '../../../src/rotation/report.js';
import { authority } from '../support.js';
import { carryOut, clusterWith, type FakeCluster, newRotation, next, old, step, temporalClient } from './cluster.js';

const [O, T] = [old.root.certificate, next.root.certificate];
const SECRET = 'Secret/reroot-rotation';

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
    expect(cluster.objects.has(SECRET)).toBe(false);
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
  it('deletes nothing of a Secret that is damaged', async () => {
    const cluster = left();
    delete cluster.objects.get(SECRET)?.data?.['ca.crt'];
    await expect(discard(cluster)).rejects.toMatchObject({ type: 'RotationSecretDamaged' });
    expect(cluster.objects.has(SECRET)).toBe(true);
  });
});

const newIssuer = { certificatePem: next.issuer.certificate.pem, keyPem: toSec1Pem(next.issuer.privateKey) };
const rootIssuer = { certificatePem: O.pem, keyPem: toSec1Pem(old.root.privateKey) };

describe('finish', () => {
  const finish = async (
    cluster: FakeCluster,
    outcome: RotationReport['outcome'] = 'completed',
    report: Partial<RotationReport> = {},
  ) =>
    await carryOut(cluster, ({ finish: act }) => act, {
      ...step(),
      report: { outcome, approvals: [], waivers: [], ...report } as unknown as RotationReport,
    });

  it('keeps the new root, and deletes the rest', async () => {
    const rotation = newRotation({ rootKeyPem: toPkcs8Pem(next.root.privateKey) });
    const cluster = clusterWith({ bundle: [T], issuer: newIssuer, rotation });
    await finish(cluster);
    expect(cluster.text('Secret/reroot-trust-root', 'ca.crt')).toBe(T.pem);
    expect(cluster.text('Secret/reroot-trust-root', 'ca.key')).toBe(rotation.rootKeyPem);
    expect(cluster.objects.has(SECRET)).toBe(false);
    expect(cluster.objects.has('ConfigMap/reroot-report')).toBe(true);
  });

  const rootAsIssuer = newRotation({
    rootPem: O.pem,
    retire: [],
    previousIssuerPem: O.pem,
    previousIssuerKeyPem: toSec1Pem(old.root.privateKey),
  });
  it('keeps the last copy of the key of a root that was its own issuer, when that is replaced', async () => {
    const cluster = clusterWith({ issuer: newIssuer, rotation: rootAsIssuer });
    await finish(cluster);
    expect(cluster.text('Secret/reroot-trust-root', 'ca.crt')).toBe(O.pem);
    expect(cluster.text('Secret/reroot-trust-root', 'ca.key')).toBe(toSec1Pem(old.root.privateKey));
  });
  it.each([
    ['an aborted one: the issuer Secret has the key again', rootAsIssuer, 'aborted', rootIssuer],
    [
      'an issuer below the root, whose key was never here',
      newRotation({ rootPem: O.pem, retire: [] }),
      'completed',
      newIssuer,
    ],
  ] as const)('keeps no root of %s', async (_what, rotation, outcome, issuer) => {
    const cluster = clusterWith({ rotation, issuer });
    await finish(cluster, outcome);
    expect(cluster.objects.has('Secret/reroot-trust-root')).toBe(false);
    expect(cluster.objects.has(SECRET)).toBe(false);
  });
  it.each([
    ['the issuer of the start is in use', { bundle: [O, T] }, 'completed'],
    ['the root of the start is in the bundle', { bundle: [O, T], issuer: newIssuer }, 'completed'],
    ['the new root is not in it', { bundle: [O], issuer: newIssuer }, 'completed'],
    ['the new issuer is in use', { bundle: [O], issuer: newIssuer }, 'aborted'],
    ['a bundle has the new root', { bundle: [O, T] }, 'aborted'],
  ] as const)('deletes nothing while %s, whoever says that it has ended', async (_what, mesh, outcome) => {
    const cluster = clusterWith({ ...mesh, bundle: [...mesh.bundle], rotation: newRotation() });
    await expect(finish(cluster, outcome)).rejects.toMatchObject({ type: 'StillNeeded', nonRetryable: true });
    expect(cluster.objects.has(SECRET)).toBe(true);
    expect(cluster.writes).toEqual(['create Lease/reroot']);
  });
  it('goes on when somebody else has put another issuer there: nothing of the rotation is in use', async () => {
    const foreign = authority('foreign');
    const issuer = {
      certificatePem: foreign.issuer.certificate.pem,
      keyPem: toSec1Pem(foreign.issuer.privateKey),
    };
    const cluster = clusterWith({ bundle: [T], issuer, rotation: newRotation() });
    await finish(cluster);
    expect(cluster.objects.has(SECRET)).toBe(false);
  });
  it('says who the server knows to have sent what people have said, and no more than that', async () => {
    const update = (id: string) => ({ update: { id, runId: 'run-1' } });
    const approval = { phase: 'retire', planHash: 'h', at: '', claimedBy: 'ann', ...update('u1') };
    const waivers = [{ subject: 'shop', reason: 'r', ...update('u2') }];
    const accepted = (updateId: string, identity: string, principal?: object) => ({
      workflowExecutionUpdateAcceptedEventAttributes: { acceptedRequest: { meta: { updateId, identity } } },
      principal,
    });
    const events = [
      accepted('u1', '4711@laptop', { type: 'jwt', name: 'ann@example.com' }),
      accepted('u2', 'curl'),
      accepted('u9', 'somebody'),
    ];
    const client = {
      ...temporalClient('ns-1'),
      workflow: { getHandle: () => ({ fetchHistory: async () => await Promise.resolve({ events }) }) },
    } as unknown as Client;
    const cluster = clusterWith({ bundle: [T], issuer: newIssuer, rotation: newRotation() });
    const report = { outcome: 'completed', approvals: [approval], waivers } as unknown as RotationReport;
    const known = await carryOut(cluster, ({ finish: act }) => act, { ...step(), report }, { client });
    expect(known).toEqual({
      u1: { identity: '4711@laptop', principal: 'jwt/ann@example.com' },
      u2: { identity: 'curl' },
    });
    const written = cluster.objects.get('ConfigMap/reroot-report')?.data?.['report.json'] ?? '';
    expect(JSON.parse(written)).toMatchObject({
      approvals: [{ claimedBy: 'ann', sender: { principal: 'jwt/ann@example.com' } }],
      waivers: [{ sender: { identity: 'curl' } }],
    });
  });
  it('ends without that when the history is gone', async () => {
    const cluster = clusterWith({ bundle: [T], issuer: newIssuer, rotation: newRotation() });
    const approvals = [{ phase: 'retire', planHash: 'h', at: '', update: { id: 'u1', runId: 'run-0' } }];
    expect(await finish(cluster, 'completed', { approvals })).toEqual({});
    expect(cluster.objects.has('ConfigMap/reroot-report')).toBe(true);
  });
});
